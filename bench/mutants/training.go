package main

// trainingMutants make joins AS OF, histories, the sweep behind both, or the operators of SQL wrong.
var trainingMutants = []mutant{
	// The join AS OF.
	{
		Name:   "BEFORE is AS OF",
		edit:   edit{"sql/exec/asof_join.go", "if j.node.Before && at.I", "if false && at.I"},
		Breaks: "BEFORE finds the row that holds at the moment itself",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a null key finds the null group",
		edit:   edit{"sql/exec/asof_join.go", "\t\tok := !v.IsNull()\n\t\tif t := j.keyTypes[n]", "\t\tok := true\n\t\tif t := j.keyTypes[n]"},
		Breaks: "a label without an entity gets the values of the rows without one: NULL = NULL",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the rest of the condition is forgotten",
		edit:   edit{"sql/exec/asof_join.go", "\tif j.node.Residual != nil {\n\t\ttakers[0]", "\tif false {\n\t\ttakers[0]"},
		Breaks: "what ON says besides the key is not looked at",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "an inner join keeps all",
		edit:   edit{"sql/exec/asof_join.go", "if j.node.Kind == plan.InnerJoin && ", "if false && "},
		Breaks: "labels without a row come out of an inner join, with NULLs",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the second half has the answers of the first",
		edit:   edit{"sql/exec/asof_join.go", "second = &chunk{questions: k.questions.slice(n, k.questions.Len())", "second = &chunk{questions: k.questions.slice(0, k.questions.Len()-n)"},
		Breaks: "a chunk whose answers do not fit into memory is halved wrongly",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the second batch has the answers of the first",
		edit:   edit{"sql/exec/asof_join.go", "\t\tfirst += b.Rows()\n", "\t\tfirst += 0 * b.Rows()\n"},
		Breaks: "answers are handed out by their place in the batch and not in the chunk",
		Killer: "the operators' tests of joins AS OF",
	},
	{
		Name:   "a second equality takes the first one's place",
		edit:   edit{"sql/plan/asof_join.go", "k >= 0 && j.Keys[k] == nil", "k >= 0"},
		Breaks: "of two equalities with one column of the key the first is dropped",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a key may be of the relation's own row",
		edit:   edit{"sql/plan/asof_join.go", "\t\tif _, right := sides(other, width); right {\n\t\t\tcontinue\n\t\t}\n", ""},
		Breaks: "s.k = s.n is taken for an equality with the left side",
		Killer: "the planner's stories",
	},

	// The rule that recognises the join by hand.
	{
		Name:   "the rule takes the moment itself",
		edit:   edit{"sql/plan/rule_asof.go", "return t, op == \"<\", err == nil", "return t, false, err == nil"},
		Breaks: "event_time < t is recognised as event_time <= t",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the rule drops a stricter bound",
		edit:   edit{"sql/plan/rule_asof.go", "(!strict || p.before)", "(!strict || p.before || strict)"},
		Breaks: "h.event_time < t is dropped though the subquery says <= t",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the rule takes MIN for MAX",
		edit:   edit{"sql/plan/rule_asof.go", " || a.Aggs[0].Fn.Name != \"max\"", ""},
		Breaks: "the first row of a history is recognised as its newest",
		Killer: "the story of the join by hand",
	},
	{
		Name:   "the rule overlooks FILTER",
		edit:   edit{"sql/plan/rule_asof.go", " || a.Aggs[0].Filter != nil", ""},
		Breaks: "the newest of some rows is recognised as the newest",
		Killer: "the story of the join by hand",
	},
	{
		Name:   "the rule mixes entities up",
		edit:   edit{"sql/plan/rule_asof.go", "p.sameKey(k, x) {", "(true || p.sameKey(k, x)) {"},
		Breaks: "the newest moment of another entity is recognised as that of the row's own",
		Killer: "the story of the join by hand",
	},
	{
		Name:   "the rule does not ask for the entity",
		edit:   edit{"sql/plan/rule_asof.go", "\t\tif !f {\n\t\t\treturn nil, false, false\n\t\t}\n", "\t\t_ = f\n"},
		Breaks: "the newest moment of all entities is recognised as that of one",
		Killer: "the story of the join by hand",
	},
	{
		Name:   "the rule takes any column for event_time",
		edit:   edit{"sql/plan/rule_asof.go", "\tif !isEvent(a.Aggs[0].Arg) {\n\t\treturn nil, false, false\n\t}\n", ""},
		Breaks: "MAX(valid_to) is recognised as MAX(event_time)",
		Killer: "the story of the join by hand",
	},

	// The sweep.
	{
		Name:   "entities are told apart by their hash slot alone",
		edit:   edit{"engine/sweep_questions.go", "asked[n].order == asked[0].order && bytes.Equal(sw.key(&asked[n]), k)", "asked[n].order>>48 == asked[0].order>>48 && k != nil"},
		Breaks: "two entities of one slot get the answers of the first",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the begin of the history is before it",
		edit:   edit{"engine/sweep.go", "if q.at >= p.history {", "if q.at > p.history {"},
		Breaks: "a label of the history's first moment gets NULLs",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a period holds at its end",
		edit:   edit{"engine/sweep_features.go", "(p.Open || qs[next].at < p.Until)", "(p.Open || qs[next].at <= p.Until)"},
		Breaks: "the hand-written join finds the period before the one that holds",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a period does not hold at its begin",
		edit:   edit{"engine/sweep_features.go", "if qs[next].at >= p.From {", "if qs[next].at > p.From {"},
		Breaks: "the hand-written join finds nothing at an entity's first moment",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a version is found a microsecond late",
		edit:   edit{"engine/sweep.go", "return vs[i].c > q.at })", "return vs[i].c >= q.at })"},
		Breaks: "the table joined AS OF is the one before the moment",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a joined table is never truncated",
		edit:   edit{"engine/sweep.go", "\t\t\t\t\tm[k] = append(vs, rowVersion{c: ch.C})\n", "\t\t\t\t\tm[k] = vs\n"},
		Breaks: "rows survive a TRUNCATE in joins AS OF",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a joined table never loses a row",
		edit:   edit{"engine/sweep.go", "\t\t\tif err := put(r.key, rowVersion{c: ch.C}); err != nil {\n\t\t\t\treturn err\n\t\t\t}\n", ""},
		Breaks: "deleted rows, and rows whose key has changed, stay in joins AS OF",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a step in time forgets to take out",
		edit:   edit{"engine/window/sweep.go", "\t\ts.putAll(i, -1)\n\t\tif err", "\t\tif err"},
		Breaks: "a row that counts otherwise from a moment on counts twice in a sweep",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the sweep keeps what left the window while it was unseen",
		edit:   edit{"engine/window/sweep.go", "\tb.lo = lo\n", ""},
		Breaks: "an entry that becomes visible after its window has passed is put in and never taken out",
		Killer: "the comparison with the naive model",
	},

	// Histories.
	{
		Name:   "an entity that is gone loses its name",
		edit:   edit{"engine/window/periods.go", "\t\t\trow = ev.keyRow(key)\n", "\t\t\trow = make([]types.Value, len(ev.f.Outputs))\n"},
		Breaks: "the period in which an entity has no row does not say whose it is",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "the end of a period is left open",
		edit:   edit{"engine/histories.go", "if !p.Open && p.Until <= now {", "if !p.Open && p.Until < now {"},
		Breaks: "a period that ends with the newest commit has no end, and overlaps the next",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a history skips what lasts a microsecond",
		edit:   edit{"engine/window/sweep.go", "if at <= last && (at < t || !found) {", "if at <= last && at > s.t+1 && (at < t || !found) {"},
		Breaks: "a change a microsecond after another is not in the history",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "open and closed edges are one",
		edit:   edit{"engine/window/share.go", "b.WriteString(x.Op + x.At.String()", "b.WriteString(x.At.String()"},
		Breaks: "> and >= of one bound share a filter",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "all conditions are one",
		edit:   edit{"engine/window/share.go", "if v.texts[i] == text {", "if text != \"\" {"},
		Breaks: "two aggregates share a row filter that is not theirs",
		Killer: "the comparison with the naive model",
	},

	// Operators.
	{
		Name:   "NULL equals NULL in a join",
		edit:   edit{"sql/exec/join.go", "ok = ok && !v.IsNull()", "ok = true"},
		Breaks: "rows without a key find each other",
		Killer: "the operators' stories",
	},
	{
		Name:   "a left join shows the row before",
		edit:   edit{"sql/exec/join.go", "\t\t\tclear(out.row[j.lw:])\n", ""},
		Breaks: "a row without a partner gets the columns of the last one's",
		Killer: "the operators' stories",
	},
	{
		Name:   "a right join forgets who matched",
		edit:   edit{"sql/exec/join.go", "\t\t\tt.matched[n-1] = true\n", ""},
		Breaks: "rows of the right side that have a partner come out once more",
		Killer: "the operators' stories",
	},
	{
		Name:   "NOT IN overlooks NULL",
		edit:   edit{"sql/exec/join.go", "found || t.null {", "found {"},
		Breaks: "x NOT IN (1, NULL) is true",
		Killer: "the operators' tests of little memory",
	},
	{
		Name:   "NOT IN overlooks NULL when it spills",
		edit:   edit{"sql/exec/join_spill.go", "if j.kind == plan.NullAntiJoin && t.null {", "if false {"},
		Breaks: "x NOT IN (1, NULL) is true where the rows do not fit into memory",
		Killer: "the operators' tests of little memory",
	},
	{
		Name:   "pieces forget who matched",
		edit:   edit{"sql/exec/join_spill.go", "matched[i/64] |= 1 << (i % 64)", "matched[i/64] = 1 << (i % 64)"},
		Breaks: "a left row whose partner came in an earlier piece comes out alone",
		Killer: "the operators' tests of little memory",
	},
	{
		Name:   "FILTER is not looked at",
		edit:   edit{"sql/exec/aggregate.go", "\tif c.Filter != nil {\n", "\tif false {\n"},
		Breaks: "an aggregate takes all rows of its group",
		Killer: "the operators' stories",
	},
	{
		Name:   "spilled groups are not merged",
		edit:   edit{"sql/exec/aggregate_spill.go", "\t\t\tg.states[i].Merge(state)\n", ""},
		Breaks: "of a group that was written in parts the first part counts",
		Killer: "the operators' tests of little memory",
	},
	{
		Name:   "equal rows change places",
		edit:   edit{"sql/exec/sort.go", "return cmp.Compare(a.number, b.number)", "return cmp.Compare(b.number, a.number)"},
		Breaks: "a sort is not stable",
		Killer: "the operators' tests of little memory",
	},
	{
		Name:   "equal rows of runs change places",
		edit:   edit{"sql/exec/merge.go", "return h[i].run < h[j].run", "return h[i].run > h[j].run"},
		Breaks: "a sort that spills is not stable",
		Killer: "the operators' tests of little memory",
	},
	{
		Name:   "NULLS FIRST is NULLS LAST",
		edit:   edit{"sql/exec/sort.go", "\t\tif k.NullsFirst {\n", "\t\tif !k.NullsFirst {\n"},
		Breaks: "NULLs stand at the wrong end",
		Killer: "the operators' stories",
	},
	{
		Name:   "EXCEPT ALL is EXCEPT NONE",
		edit:   edit{"sql/exec/setop.go", "return max(0, l-r)", "return l"},
		Breaks: "EXCEPT ALL takes nothing away",
		Killer: "the operators' stories",
	},
	{
		Name:   "a subquery answers for its last argument",
		edit:   edit{"sql/exec/subquery.go", "\t\tkey = types.AppendValue(key, ", "\t\tkey = types.AppendValue(key[:0], "},
		Breaks: "what a correlated subquery answered once is given to rows whose other outer values differ",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "NULL IN is false",
		edit:   edit{"sql/exec/subquery_rows.go", "\t\tcase null && len(left) == 1:\n\t\t\treturn types.Value{}, nil\n", "\t\tcase null && len(left) == 1:\n\t\t\treturn types.NewBool(false), nil\n"},
		Breaks: "NULL NOT IN (…) is true",
		Killer: "the operators' stories",
	},
	{
		Name:   "LIMIT counts per batch",
		edit:   edit{"sql/exec/limit.go", "l.skip, l.take = 0, l.take-(to-from)", "l.skip, l.take = 0, l.take"},
		Breaks: "LIMIT takes as many rows of each batch",
		Killer: "the operators' tests of batches",
	},
	{
		Name:   "what depends on the outer row is kept",
		edit:   edit{"sql/exec/spool.go", "\tif s.node.Outer {\n", "\tif false {\n"},
		Breaks: "a WITH in a correlated subquery answers for the first outer row",
		Killer: "the operators' stories",
	},
}
