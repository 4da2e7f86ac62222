package decode

// What scanner.next returns instead of a member that was asked for.
const (
	noMember    = -1 // the object has ended
	badMember   = -2 // the text is not JSON
	otherMember = -3 // a member nobody asked for
)

// A shape knows the members of one kind of object: their numbers by name, and the order in which they came last. Producers
// write the same members in the same order again and again, so that one comparison of bytes mostly replaces reading a name
// and looking it up. A wrong expectation costs that comparison and nothing else.
type shape struct {
	ids      map[string]int
	expected []member
	at       int // how many members of the current object have been read
}

// member is the exact text of a name with its quotes and colon, and its number.
type member struct {
	text []byte
	id   int
}

// What is remembered of an object is bounded, whatever is sent: wider objects and longer names are read the slow way.
const (
	maxExpected     = 1024
	maxExpectedName = 128
)

func newShape(names ...string) *shape {
	sh := &shape{ids: make(map[string]int, len(names))}
	for id, name := range names {
		sh.ids[name] = id
	}
	return sh
}

// open steps into the object whose brace comes next.
func (s *scanner) open(sh *shape) {
	s.i++
	sh.at = 0
}

// next steps to the value of the object's next member and returns the member's number.
func (s *scanner) next(sh *shape) int {
	switch c := s.peek(); {
	case c == '}':
		s.i++
		return noMember
	case sh.at == 0:
	case c == ',':
		s.i++
		s.peek()
	default:
		s.unexpected()
		return badMember
	}
	at := sh.at
	sh.at++
	if at < len(sh.expected) {
		m := &sh.expected[at]
		if n := len(m.text); n > 0 && len(s.b)-s.i >= n && string(s.b[s.i:s.i+n]) == string(m.text) {
			s.i += n
			return m.id
		}
	}
	return s.unexpectedMember(sh, at)
}

// unexpectedMember reads the name of a member that was not the expected one and expects it from now on.
func (s *scanner) unexpectedMember(sh *shape, at int) int {
	start := s.i
	raw, escaped, ok := s.name()
	if !ok {
		return badMember
	}
	text := s.b[start:s.i]
	name := string(raw)
	if escaped {
		if name, ok = unescape(nil, raw); !ok {
			name = "" // no column or member is called so
		}
	}
	id, ok := sh.ids[name]
	if !ok {
		id = otherMember
	}
	// Only names without escapes, blanks and high bits: their validity need not be looked at again.
	if !escaped && len(text) == len(raw)+3 && len(text) <= maxExpectedName && at < maxExpected && ascii(raw) {
		for len(sh.expected) <= at {
			sh.expected = append(sh.expected, member{id: otherMember})
		}
		m := &sh.expected[at]
		m.text, m.id = append(m.text[:0], text...), id
	}
	return id
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
