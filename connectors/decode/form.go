package decode

// form is how a connector says that it writes a column: the semantic type of a Kafka Connect schema. Without
// a schema it is anyForm, and the declared type, the value's own form and the source's options must tell.
type form uint8

const (
	anyForm    form = iota
	plainForm       // a schema type without a semantic name
	bytesForm       // bytes: base64
	stringForm      // string
	decimalForm
	variableDecimalForm
	dateForm
	milliTimeForm
	microTimeForm
	nanoTimeForm
	milliTimestampForm
	microTimestampForm
	nanoTimestampForm
	microDurationForm
	nanoDurationForm
	textTimeForm // every ISO text: ZonedTimestamp, ZonedTime, IsoDate, IsoTime, IsoTimestamp, Interval
)

// semanticForms are the semantic names that decide how a value is read. All others (Json, Uuid, Enum, Year, Bits, geometry, …) are read
// by their schema type alone.
var semanticForms = map[string]form{
	"org.apache.kafka.connect.data.Decimal":   decimalForm,
	"io.debezium.data.VariableScaleDecimal":   variableDecimalForm,
	"io.debezium.time.Date":                   dateForm,
	"org.apache.kafka.connect.data.Date":      dateForm,
	"io.debezium.time.Time":                   milliTimeForm,
	"org.apache.kafka.connect.data.Time":      milliTimeForm,
	"io.debezium.time.MicroTime":              microTimeForm,
	"io.debezium.time.NanoTime":               nanoTimeForm,
	"io.debezium.time.Timestamp":              milliTimestampForm,
	"org.apache.kafka.connect.data.Timestamp": milliTimestampForm,
	"io.debezium.time.MicroTimestamp":         microTimestampForm,
	"io.debezium.time.NanoTimestamp":          nanoTimestampForm,
	"io.debezium.time.MicroDuration":          microDurationForm,
	"io.debezium.time.NanoDuration":           nanoDurationForm,
	"io.debezium.time.ZonedTimestamp":         textTimeForm,
	"io.debezium.time.ZonedTime":              textTimeForm,
	"io.debezium.time.IsoDate":                textTimeForm,
	"io.debezium.time.IsoTime":                textTimeForm,
	"io.debezium.time.IsoTimestamp":           textTimeForm,
	"io.debezium.time.Interval":               textTimeForm,
}

// encoding is what a schema says of one column.
type encoding struct {
	form  form
	scale int       // of decimalForm
	name  string    // the semantic name or the schema type, for messages; empty without a schema
	elem  *encoding // of an array's elements
}

var anyEncoding = &encoding{}

// element returns the encoding of an array's elements.
func (e *encoding) element() *encoding {
	if e.elem == nil {
		return anyEncoding
	}
	return e.elem
}
