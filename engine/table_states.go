package engine

import (
	"errors"
	"slices"
)

// tableState is a temporary table as it was: it only grows, so that it goes back by being cut.
type tableState struct {
	table  *tempTable
	blocks int
	memory int64
	size   int64 // of its file
	logged int   // keys in its log
}

// tableStates are the session's tables as they are.
func (s *Session) tableStates() map[string]tableState {
	states := make(map[string]tableState, len(s.tables))
	for name, t := range s.tables {
		st := tableState{table: t, blocks: len(t.blocks), memory: t.memory, logged: len(t.log)}
		if t.file != nil {
			st.size = t.file.size
		}
		states[name] = st
	}
	return states
}

// restoreTables brings the session's tables back to what they were.
func (s *Session) restoreTables(states map[string]tableState) error {
	var err error
	for name, t := range s.tables {
		if states[name].table != t {
			delete(s.tables, name)
			err = errors.Join(err, t.close())
		}
	}
	for name, st := range states {
		s.tables[name] = st.table
		s.tx.dropped = slices.DeleteFunc(s.tx.dropped, func(t *tempTable) bool { return t == st.table })
		err = errors.Join(err, st.table.cut(st))
	}
	s.version++
	return err
}

// cut takes back what was added to a table.
func (t *tempTable) cut(st tableState) error {
	t.blocks, t.memory = t.blocks[:st.blocks:st.blocks], st.memory
	for _, k := range t.log[st.logged:] {
		delete(t.keys, k)
	}
	t.log = t.log[:st.logged]
	if t.file == nil || t.file.size == st.size {
		return nil
	}
	t.file.size = st.size
	if err := t.file.f.Truncate(st.size); err != nil {
		return tempFileError("cut", err)
	}
	return nil
}

// forgetTable drops a table: at once, or in a transaction block when it is committed.
func (s *Session) forgetTable(name string) error {
	t := s.tables[name]
	delete(s.tables, name)
	s.version++
	if s.tx != nil {
		s.tx.dropped = append(s.tx.dropped, t)
		return nil
	}
	return t.close()
}

// endTables ends what a transaction kept of the tables to go back by.
func (s *Session) endTables(tx *transaction) error {
	var err error
	for _, t := range tx.dropped {
		err = errors.Join(err, t.close())
	}
	for _, t := range s.tables {
		t.log = nil
	}
	return err
}
