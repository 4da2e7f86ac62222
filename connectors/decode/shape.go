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
	runAt    int // the member with which a run of members nobody asked for began, -1 for none
	runStart int // and where its name stands
}

// member is the exact text of a name with its quotes and colon, and its number.
//
// Of members that nobody asked for mostly the values come again too. run is then the exact text from such a member to the next one that
// is asked for, or to the closing brace, and runID and runTo are what is found behind it. A run that keeps failing is given up.
type member struct {
	text   []byte
	id     int
	run    []byte
	runID  int
	runTo  int
	misses int
}

// What is remembered of an object is bounded, whatever is sent: wider objects and longer names are read the slow way.
const (
	maxExpected     = 1024
	maxExpectedName = 128
	maxRun          = 1024
	maxMisses       = 4
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
	sh.at, sh.runAt = 0, -1
}

// next steps to the value of the object's next member and returns the member's number.
func (s *scanner) next(sh *shape) int {
	c := s.peek()
	if c == '}' {
		s.i++
		s.endRun(sh, noMember)
		return noMember
	}
	if sh.at > 0 {
		if c != ',' {
			s.unexpected()
			return badMember
		}
		s.i++
		s.peek()
	}
	at, start := sh.at, s.i
	sh.at++
	if at >= len(sh.expected) {
		return s.unexpectedMember(sh, at)
	}
	m := &sh.expected[at]
	if m.run != nil {
		if s.follows(m.run) {
			id := m.runID
			s.i += len(m.run)
			sh.at = m.runTo
			s.endRun(sh, id) // of a longer one that began before it
			return id
		}
		if m.misses++; m.misses == maxMisses {
			m.run = nil
		}
	}
	if m.text == nil || !s.follows(m.text) {
		return s.unexpectedMember(sh, at)
	}
	s.i += len(m.text)
	if m.id != otherMember {
		s.endRun(sh, m.id)
	} else if sh.runAt < 0 && m.misses < maxMisses {
		sh.runAt, sh.runStart = at, start
	}
	return m.id
}

// follows reports whether the text goes on with b.
func (s *scanner) follows(b []byte) bool {
	return len(s.b)-s.i >= len(b) && string(s.b[s.i:s.i+len(b)]) == string(b)
}

// endRun remembers the run that ends where the scanner stands, behind the name of member id or the closing brace.
func (s *scanner) endRun(sh *shape, id int) {
	if sh.runAt < 0 {
		return
	}
	m := &sh.expected[sh.runAt]
	run := s.b[sh.runStart:s.i]
	sh.runAt = -1
	if len(run) <= maxRun && ascii(run) {
		m.run, m.runID, m.runTo = append(m.run[:0], run...), id, sh.at
	}
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
			sh.expected = append(sh.expected, member{})
		}
		m := &sh.expected[at]
		m.text, m.id, m.run, m.misses = append(m.text[:0], text...), id, nil, 0
	}
	sh.runAt = -1
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
