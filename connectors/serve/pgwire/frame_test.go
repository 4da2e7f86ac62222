package pgwire

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/sql/binary"
	"github.com/asofdb/asof/sql/types"
)

// FuzzFrames reads whatever bytes as messages: it ends with an error or the end, keeps no more than what has come, and what it takes for a Bind is decoded without a panic.
func FuzzFrames(f *testing.F) {
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Query{String: "SELECT 1"}, &pgproto3.Parse{Name: "s", Query: "SELECT $1", ParameterOIDs: []uint32{23}},
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{{0, 0, 0, 1}, nil}, ParameterFormatCodes: []int16{1}}, &pgproto3.Sync{}, &pgproto3.Terminate{},
	} {
		b, err := m.Encode(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(append(b, b[:len(b)/2]...))
	}
	f.Add([]byte("Q\x7f\xff\xff\xffSELECT"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		here, there := net.Pipe()
		defer here.Close()
		go func() {
			_ = there.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = there.Write(sent)
			there.Close()
		}()
		in := newInput(here)
		in.limit = maxMessage
		for {
			kind, body, err := in.next(time.Second)
			if err != nil {
				break
			}
			if len(body) > len(sent) {
				t.Fatalf("%d bytes of %d", len(body), len(sent))
			}
			var m pgproto3.Bind
			if kind == 'B' {
				_ = m.Decode(body)
			}
		}
		if cap(in.big) > max(4*len(sent), 4*inputBuffer) {
			t.Errorf("%d bytes are kept of %d", cap(in.big), len(sent))
		}
	})
}

// FuzzBinary reads parameters in binary; what can be read is written as the same value.
func FuzzBinary(f *testing.F) {
	f.Add(uint32(23), []byte{0, 0, 0, 1})
	f.Add(uint32(1700), []byte{0, 1, 0, 0, 0, 0, 0, 2, 0, 1})
	f.Add(uint32(1007), []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, oid uint32, b []byte) {
		typ, ok := types.TypeOfOID(oid, -1)
		if !ok || typ.Alias != types.NoAlias { // of an oid's eight bytes four come back
			return
		}
		v, ok, err := binary.Read(typ, b)
		if err != nil || !ok || v.IsNull() {
			return
		}
		if v, err = types.Coerce(v, typ); err != nil {
			return
		}
		again, ok, err := binary.Read(typ, binary.Append(nil, typ, v))
		if err != nil || !ok || !bytes.Equal(types.AppendText(nil, again), types.AppendText(nil, v)) {
			t.Errorf("%s: %s became %s (%v, %v)", typ, v, again, ok, err)
		}
	})
}
