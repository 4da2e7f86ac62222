// Package connectors gathers the sources, formats and files that asof is built with. It is the one place that knows
// all of them; the engine is handed what it returns.
package connectors

import (
	"github.com/asofdb/asof/connectors/decode"
	"github.com/asofdb/asof/connectors/files"
	"github.com/asofdb/asof/connectors/sink"
	"github.com/asofdb/asof/connectors/source/file"
	"github.com/asofdb/asof/connectors/source/kafka"
	"github.com/asofdb/asof/engine"
)

// Default returns every connector there is.
func Default() engine.Connectors {
	return engine.Connectors{
		Sources: map[string]engine.SourceConnector{
			"file":  file.Connector(),
			"kafka": kafka.Connector(),
		},
		Formats: map[string]engine.FormatConnector{
			"DEBEZIUM JSON": decode.Debezium(),
			"PLAIN JSON":    decode.PlainJSON(),
			"UPSERT JSON":   decode.UpsertJSON(),
			"PLAIN CSV":     decode.PlainCSV(),
		},
		Files: files.Connectors(),
		Sinks: sink.Connectors(),
	}
}
