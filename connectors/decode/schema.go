package decode

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/asofdb/asof/sql/types"
)

// connectSchema is a Kafka Connect schema as the JSON converter writes it, as far as values depend on it.
type connectSchema struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Field      string          `json:"field"`
	Parameters connectParams   `json:"parameters"`
	Fields     []connectSchema `json:"fields"`
	Items      *connectSchema  `json:"items"`
}

type connectParams struct {
	Scale string `json:"scale"`
}

// messageSchema is a schema of whole messages, reduced to how each declared column is encoded. Its text is a complete JSON
// object, so a message whose schema part begins with that text has exactly that schema.
type messageSchema struct {
	text          []byte
	before, after []*encoding // by column
	row           []*encoding // of a message that is a key or a row: its fields are the columns themselves
}

// maxSchemas bounds how many schemas are remembered. A topic has one at a time; a file of several topics has one for each.
const maxSchemas = 32

// schemas remembers the schemas of messages by their bytes, so that each is parsed once; the one used last stands first.
type schemas struct {
	columns types.Schema
	known   []*messageSchema
}

// read steps over the schema that comes next and returns it, or nil for null.
func (c *schemas) read(s *scanner) (*messageSchema, error) {
	s.peek()
	rest := s.b[s.i:]
	for i, known := range c.known {
		if bytes.HasPrefix(rest, known.text) {
			copy(c.known[1:i+1], c.known[:i])
			c.known[0] = known
			s.i += len(known.text)
			return known, nil
		}
	}
	t, ok := s.value(maxDepth)
	switch {
	case !ok || t.kind == nullToken:
		return nil, nil
	case t.kind != objectToken:
		return nil, types.Errorf(types.CodeInvalidText, "the schema of the message is not an object")
	}
	return c.learn(t.raw)
}

func (c *schemas) learn(raw []byte) (*messageSchema, error) {
	var sch connectSchema
	if err := json.Unmarshal(raw, &sch); err != nil {
		return nil, types.Errorf(types.CodeInvalidText, "the schema of the message is not a Kafka Connect schema: %v", err)
	}
	known := &messageSchema{text: bytes.Clone(raw), row: c.encodings(sch.Fields)}
	for i := range sch.Fields {
		switch f := &sch.Fields[i]; f.Field {
		case "before":
			known.before = c.encodings(f.Fields)
		case "after":
			known.after = c.encodings(f.Fields)
		}
	}
	// A text with high bits is not remembered: its validity is looked at only when it is read.
	if !ascii(raw) {
		return known, nil
	}
	if len(c.known) < maxSchemas {
		c.known = append(c.known, nil)
	}
	copy(c.known[1:], c.known)
	c.known[0] = known
	return known, nil
}

// encodings returns how fields encode the declared columns; a column that is no field has anyEncoding.
func (c *schemas) encodings(fields []connectSchema) []*encoding {
	list := make([]*encoding, len(c.columns))
	for i := range list {
		list[i] = anyEncoding
	}
	for i := range fields {
		if col := c.columns.Index(fields[i].Field); col >= 0 {
			list[col] = fields[i].encoding()
		}
	}
	return list
}

func (f *connectSchema) encoding() *encoding {
	e := &encoding{form: plainForm, name: f.Name}
	if e.name == "" {
		e.name = f.Type
	}
	switch semantic := semanticForms[f.Name]; {
	case semantic == decimalForm && f.Type != "bytes":
		e.form = plainForm // decimal.format = NUMERIC leaves the name and writes a number
	case semantic != anyForm:
		e.form = semantic
	case f.Type == "bytes":
		e.form = bytesForm
	case f.Type == "string":
		e.form = stringForm
	}
	if e.form == decimalForm {
		scale, err := strconv.Atoi(f.Parameters.Scale)
		if err != nil || scale < -maxDigitsBefore || scale > maxScale {
			e.form, e.name = anyForm, f.Name // without its scale it says no more than no schema
		}
		e.scale = scale
	}
	if f.Items != nil {
		e.elem = f.Items.encoding()
	}
	return e
}
