package engine

// IsPointRead reports whether the statement is answered without being planned again.
func (p *Prepared) IsPointRead() bool { return p.point != nil }

// Steps are the names of the steps at which a process may be ended.
func Steps() (names []string) {
	for _, s := range steps {
		names = append(names, string(s))
	}
	return names
}

// OnStep has f called at each step, from now on.
func OnStep(f func(name string)) { passed = func(s step) { f(string(s)) } }

// RebuildSteps are the names of the steps of a rebuild, in their order.
func RebuildSteps() (names []string) {
	for _, s := range rebuildSteps {
		names = append(names, string(s))
	}
	return names
}
