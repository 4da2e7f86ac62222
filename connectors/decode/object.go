package decode

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// JSONKind is what a member of a JSON object is.
type JSONKind uint8

const (
	JSONNull JSONKind = iota
	JSONBool
	JSONNumber
	JSONString
	JSONDocument // an array or an object
)

// Member is one member of a JSON object.
type Member struct {
	Name string
	Kind JSONKind
	// Text is the value: of a string what it stands for, of a document its text without blanks between values, of all others what is written.
	Text string
}

// ObjectReader reads records that are JSON objects. One goroutine at a time.
type ObjectReader struct {
	members []Member
	values  values
}

// NewObjectReader returns an ObjectReader.
func NewObjectReader() *ObjectReader { return &ObjectReader{values: newValues(options{})} }

// Members returns the members of the record, in their order; a name may come twice. They are valid until the next Members and as long as the record's bytes are.
func (r *ObjectReader) Members(record []byte) ([]Member, error) {
	s := scanner{b: record}
	if s.peek() != '{' {
		t, ok := s.value(maxDepth)
		ok = ok && s.end()
		if err := s.err(); err != nil || !ok {
			return nil, err
		}
		return nil, types.Errorf(types.CodeInvalidSource, "the record is not a JSON object: %s", t.show())
	}
	s.i++
	r.members = r.members[:0]
	if s.peek() == '}' {
		s.i++
	} else if err := r.read(&s); err != nil {
		return nil, err
	}
	ok := s.end()
	if err := s.err(); err != nil || !ok {
		return nil, err
	}
	return r.members, nil
}

// read reads members until the closing brace.
func (r *ObjectReader) read(s *scanner) error {
	for {
		raw, escaped, ok := s.name()
		if !ok {
			return s.err()
		}
		name, err := r.string(raw, escaped)
		if err != nil {
			return err
		}
		t, ok := s.value(maxDepth)
		if !ok {
			return s.err()
		}
		m := Member{Name: name}
		if m.Kind, m.Text, err = r.member(t); err != nil {
			return types.Errorf(types.CodeBadUTF8, "member %q %s", name, err)
		}
		r.members = append(r.members, m)
		switch s.peek() {
		case ',':
			s.i++
		case '}':
			s.i++
			return nil
		default:
			s.unexpected()
			return s.err()
		}
	}
}

// Elements returns the elements of an array that is the Text of a member.
func (r *ObjectReader) Elements(array string) ([]Member, error) {
	tokens := elements(token{kind: arrayToken, raw: bytesOf(array)})
	members := make([]Member, len(tokens))
	for i, t := range tokens {
		var err error
		if members[i].Kind, members[i].Text, err = r.member(t); err != nil {
			return nil, types.Errorf(types.CodeBadUTF8, "element %d %s", i+1, err)
		}
	}
	return members, nil
}

func (r *ObjectReader) member(t token) (JSONKind, string, error) {
	switch t.kind {
	case nullToken:
		return JSONNull, "", nil
	case falseToken, trueToken:
		return JSONBool, text(t.raw), nil
	case numberToken:
		return JSONNumber, text(t.raw), nil
	case stringToken:
		s, err := r.string(t.raw, t.escaped)
		return JSONString, s, err
	}
	return JSONDocument, r.values.compact(t.raw), nil
}

func (r *ObjectReader) string(raw []byte, escaped bool) (string, error) {
	if !escaped {
		return text(raw), nil
	}
	s, ok := unescape(r.values.arena.room(len(raw)), raw)
	if !ok {
		return "", types.Errorf(types.CodeBadUTF8, "has half of a surrogate pair")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return "", types.Errorf(types.CodeBadUTF8, "has a NUL character, which no text holds")
	}
	return s, nil
}
