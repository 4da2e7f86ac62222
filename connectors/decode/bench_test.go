package decode

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/big"
	"testing"

	"github.com/asofdb/asof/connectors/decode/golden"
	"github.com/asofdb/asof/engine"
)

// ordersSpec is the source over which the decoders are measured: six columns of the kinds that features read.
func ordersSpec(t testing.TB) engine.SourceSpec {
	return declared{
		DDL: "order_id bigint NOT NULL, customer_id bigint NOT NULL, amount numeric(12,2) NOT NULL, status text NOT NULL, note text, created_at timestamptz NOT NULL",
		Key: []string{"order_id"},
	}.Spec(t, nil)
}

// orderRecords returns n changes of orders, each about 675 bytes without its schema: an insert and an update with its before image in turn.
func orderRecords(n int, schema string) []engine.Record {
	records := make([]engine.Record, n)
	for i := range records {
		row := func(amount int) string {
			cents := fmt.Sprintf("%d.%02d", amount, i%100)
			if schema != "" {
				cents = base64.StdEncoding.EncodeToString(big.NewInt(int64(amount*100 + 100000)).Bytes()) // all positive
			}
			return fmt.Sprintf(`{"order_id":%d,"customer_id":%d,"amount":"%s","status":"paid","note":null,"created_at":"2026-04-%02dT10:%02d:%02d.%06dZ"}`,
				100000+i/2, i*7919%1000003, cents, 1+i%28, i%60, i*7%60, i*7919%1000000)
		}
		before, op := "null", "c"
		if i%2 == 1 {
			before, op = row(i%1000), "u"
		}
		us := 1795376382271331 + int64(i)*250
		value := fmt.Sprintf(`{"before":%s,"after":%s,"source":{"version":"3.7.0.Final","connector":"postgresql","name":"shop_json","ts_ms":%d,"snapshot":"false",`+
			`"db":"shop","sequence":"[\"%d\",\"%d\"]","ts_us":%d,"ts_ns":%d000,"schema":"public","table":"orders","txId":%d,"lsn":%d,"xmin":null,"origin":null,`+
			`"origin_lsn":null},"transaction":{"id":"%d:%d","total_order":1,"data_collection_order":1},"op":"%s","ts_ms":%d,"ts_us":%d,"ts_ns":%d991}`,
			before, row(i%1000+1), us/1000, 26537712+i*144, 26537712+i*144, us, us, 781+i, 26537712+i*144, 781+i, 26537712+i*144, op, us/1000+390, us+390048, us+390048)
		if schema != "" {
			value = `{"schema":` + schema + `,"payload":` + value + `}`
		}
		records[i] = engine.Record{Value: []byte(value), Line: int64(i + 1)}
	}
	return records
}

// ordersSchema returns the schema part of a captured message.
func ordersSchema(t testing.TB) string {
	for _, r := range golden.Records(t, "shop_schema") {
		if r.Table() == "orders" {
			end := bytes.Index(r.Value, []byte(`,"payload":`))
			return string(r.Value[len(`{"schema":`):end])
		}
	}
	t.Fatal("no message of orders")
	return ""
}

func BenchmarkDebezium(b *testing.B) {
	for _, c := range []struct{ name, schema string }{{"schemaless", ""}, {"schema", ordersSchema(b)}} {
		b.Run(c.name, func(b *testing.B) {
			records := orderRecords(1000, c.schema)
			size := 0
			for _, r := range records {
				size += len(r.Value)
			}
			d := newDecoder(b, Debezium(), ordersSpec(b))
			b.SetBytes(int64(size / len(records)))
			b.ReportAllocs()
			var ev engine.Event
			i := 0
			for b.Loop() {
				if err := d.Decode(records[i], &ev); err != nil {
					b.Fatal(err)
				}
				if i++; i == len(records) {
					i = 0
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
