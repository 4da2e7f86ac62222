package main

// mutant is an edit that makes the engine wrong.
type mutant struct {
	Name string
	edit
	// Likely is an edit that changes nothing but how long something takes, so that a kill or a reader meets the moment at which the mutant is wrong.
	Likely edit
	Breaks string
	Killer string // of killers
}

// edit replaces text in a file. Its path is from the module's directory, and Old stands in it exactly once.
type edit struct{ File, Old, New string }

// slowMark leaves time between the entries that a checkpoint writes and the mark that says so.
var slowMark = edit{
	"engine/checkpoint.go",
	"\tb := c.eng.db.NewBatch()\n\tputMark(b, g.flushedKey(), mark)\n",
	"\ttime.Sleep(20 * time.Millisecond)\n\tb := c.eng.db.NewBatch()\n\tputMark(b, g.flushedKey(), mark)\n",
}

// killers are the tests that notice, as arguments of go test. Their seeds are fixed.
var killers = map[string][]string{
	"the comparison with the naive model":   {"-run=TestAnswersEqualTheDefinition", "./bench/exact", "-seed=1", "-comparisons=300000", "-shrink=false"},
	"the kills":                             {"-run=TestNothingIsLostAndNothingCountsTwice", "./bench/faults", "-seed=1", "-kills=24"},
	"the power cuts":                        {"-run=TestF02F03PowerCuts", "./bench/faults", "-seed=1"},
	"the late transactions":                 {"-run=TestLateTransactionsChangeNoPast", "./bench/faults", "-seed=1"},
	"the engine's stories":                  {"-run=TestStories/^(read_twice|truncate)$", "./engine"},
	"the story of the join by hand":         {"-run=TestStories/^by_hand$", "-short", "./engine"},
	"the merge's promises":                  {"-run=TestMergeKeepsItsPromises|TestTransactionsAreWhole", "./engine"},
	"the timeline's promises":               {"-run=TestTimeline", "./engine"},
	"what comes behind later commits":       {"-run=TestTransactionsBehindLaterOnes", "./engine"},
	"the planner's stories":                 {"-run=TestStories", "./sql/plan"},
	"the operators' stories":                {"-run=TestStories", "./sql/exec"},
	"the operators' tests of joins AS OF":   {"-run=TestAsOfJoinOfManyRows", "./sql/exec"},
	"the operators' tests of batches":       {"-run=TestBatchBorders", "./sql/exec"},
	"the operators' tests of little memory": {"-run=TestSpilling$|TestSortIsStable", "./sql/exec"},
}

// parts are the mutants by what they break.
var parts = map[string][]mutant{"ingest": ingestMutants, "training": trainingMutants}

// ingestMutants make the way of a change, from the source to an entity's log, or the value of a log wrong.
var ingestMutants = []mutant{
	{
		Name:   "open edge is closed",
		edit:   edit{"engine/window/filter.go", "return max(lo, b.value+1), hi", "return max(lo, b.value), hi"},
		Breaks: "created_at > NOW() - INTERVAL admits the moment itself: a window is longer by 1 µs",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "closed edge is open",
		edit:   edit{"engine/window/filter.go", "return lo, min(hi, b.value)\n", "return lo, min(hi, b.value-1)\n"},
		Breaks: "<= reads as <",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "null event time is in every window",
		edit:   edit{"engine/window/filter.go", "(e.HasE && f.lo <= e.E && e.E <= f.hi)", "(!e.HasE || f.lo <= e.E && e.E <= f.hi)"},
		Breaks: "a row whose event time is NULL is counted in windows",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "an entry is visible a microsecond late",
		edit:   edit{"engine/history/cursor.go", "out := e.Pos <= c.skip || ", "out := e.C == c.w.AsOf || e.Pos <= c.skip || "},
		Breaks: "c <= t reads as c < t for what the tail holds",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "retraction goes to the new key",
		edit:   edit{"engine/group.go", "\ta.key = g.shape.AppendKey(a.key[:0], row)\n", "\tif a.ch.New != nil {\n\t\trow = a.ch.New\n\t}\n\ta.key = g.shape.AppendKey(a.key[:0], row)\n"},
		Breaks: "a row that moves from one entity to another is never taken from the first",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "entries carry the commit time",
		edit:   edit{"engine/derive/derive.go", "e.C, e.Pos, e.Sign = ch.C, ch.Pos, sign", "e.C, e.Pos, e.Sign = ch.Commit, ch.Pos, sign"},
		Breaks: "a late row changes values that were final",
		Killer: "the late transactions",
	},
	{
		Name:   "a column is not looked at",
		edit:   edit{"engine/derive/derive.go", "\tfor _, c := range s.Cols {\n\t\tif !types.Identical(a[c], b[c]) {", "\tfor i, c := range s.Cols {\n\t\tif i > 0 && !types.Identical(a[c], b[c]) {"},
		Breaks: "an update of the group's first column alone is taken for none",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "an event time that moves is overlooked",
		edit:   edit{"engine/complete.go", "func identicalRows(a, b []types.Value) bool {\n\tfor i := range a {", "func identicalRows(a, b []types.Value) bool {\n\tfor i := range a[1:] {"},
		Breaks: "an update of the last column alone is dropped",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a generation's swap is lost",
		edit:   edit{"engine/feature_ddl.go", "\t\tg.rec.Serving = true\n", ""},
		Breaks: "the record that swaps a generation in does not say so: after a restart its features have none",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "features stay on the old generation",
		edit:   edit{"engine/feature_ddl.go", "\t\trec.Generation = serving.rec.ID\n", "\t\tif rec.Generation == 0 {\n\t\t\trec.Generation = serving.rec.ID\n\t\t}\n"},
		Breaks: "the other features of a group are recorded with the generation that was deleted",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a root takes entries twice",
		edit:   edit{"engine/history/append.go", "\t\tif e.Pos <= r.applied {\n\t\t\tcontinue\n\t\t}\n", ""},
		Likely: slowMark,
		Breaks: "what a crash left flushed, without the mark that says so, is appended again",
		Killer: "the kills",
	},
	{
		Name:   "flushed and pending count twice",
		edit:   edit{"engine/history/cursor.go", "c.runs, c.more, c.applied = runs, more, r.applied", "c.runs, c.more, c.applied = runs, more, math.MinInt64"},
		Likely: slowMark,
		Breaks: "a reader counts entries that a checkpoint has just written both in memory and on disk",
		Killer: "the kills",
	},
	{
		Name:   "repetitions are not recognised",
		edit:   edit{"engine/dedupe.go", "\tif _, ok := s.now[h]; ok {\n\t\treturn false\n\t}\n", ""},
		Breaks: "what is delivered again counts again",
		Killer: "the kills",
	},
	{
		Name:   "what was seen is forgotten by a restart",
		edit:   edit{"engine/dedupe.go", "\t\t\tseen.addNew(ch.Tx, ch.LSN, ch.SentAs, key, ch.Order)\n", ""},
		Breaks: "what is delivered again after a restart counts again",
		Killer: "the kills",
	},
	{
		Name:   "the newest transaction is closed too early",
		edit:   edit{"engine/frontier.go", "f = t.Newest - 1", "f = t.Newest"},
		Breaks: "a transaction that a batch cuts in two is shown in half",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "a late transaction is open to readers",
		edit:   edit{"engine/frontier.go", "t.Tx, t.Closed, t.LastC = tx, false, c", "t.Tx, t.LastC = tx, c"},
		Breaks: "the rows of a late transaction become visible one after the other",
		Killer: "the timeline's promises",
	},
	{
		Name:   "out of order is late",
		edit:   edit{"engine/frontier.go", "due <= t.Told:", "due <= t.Frontier:"},
		Breaks: "where a batch ends decides what counts as shifted",
		Killer: "the late transactions",
	},
	{
		Name:   "commits are not synced",
		edit:   edit{"storage/db.go", "WithSyncWrites(true)", "WithSyncWrites(false)"},
		Breaks: "what was acknowledged is gone with the power",
		Killer: "the power cuts",
	},
	{
		Name:   "the frontier is not kept",
		edit:   edit{"engine/commit.go", "\tputJSON(sb, s.stateKey(), &b.state)\n", "\tforgot := b.state\n\tforgot.Frontier = NoTime\n\tputJSON(sb, s.stateKey(), &forgot)\n"},
		Breaks: "a restarted process does not know what readers were told",
		Killer: "the kills",
	},
	{
		Name:   "the position runs ahead",
		edit:   edit{"engine/gather.go", "\t\tin.readTo[it.part] = it.place\n", "\t\tin.readTo[it.part] = ch.items[len(ch.items)-1].place\n"},
		Breaks: "a commit amid a chunk says that all of it was read: a crash loses the rest",
		Killer: "the engine's stories",
	},
	{
		Name:   "rejects are kept again",
		edit:   edit{"engine/gather.go", "in.records, in.rejected = 0, nil", "in.records = 0"},
		Breaks: "a bad record is kept with every commit behind its own",
		Killer: "the engine's stories",
	},
	{
		Name:   "nobody waits for a partition that has nothing waiting",
		edit:   edit{"engine/merge.go", "\t\t\tlimit = min(limit, p.bound)\n", ""},
		Breaks: "records go on before older ones of a partition that is late",
		Killer: "the merge's promises",
	},
	{
		Name:   "the newest transaction of a partition is taken for whole",
		edit:   edit{"engine/merge.go", "bound = p.key - 1\n", "bound = p.key\n"},
		Breaks: "readers are told of a commit time of which rows are still to come",
		Killer: "the merge's promises",
	},
	{
		Name:   "a row that is sent again is another one",
		edit:   edit{"engine/transactions.go", "case i > 0 && o.Rows[i-1].To >= order: // again", "case false:"},
		Breaks: "a transaction is taken for whole when its first rows came twice",
		Killer: "the merge's promises",
	},
	{
		Name:   "END closes its time at once",
		edit:   edit{"engine/transactions.go", "max(t.tail.at, e.at+tailWait)", "e.at"},
		Breaks: "a transaction of the same microsecond as another is shifted behind what readers were told",
		Killer: "the merge's promises",
	},
	{
		Name:   "half a transaction is over by silence",
		edit:   edit{"engine/frontier.go", "ev.silent && !ev.inPart", "ev.silent"},
		Breaks: "a transaction that comes behind later commits is seen in half",
		Killer: "what comes behind later commits",
	},
	{
		Name:   "rows before their BEGIN do not count",
		edit:   edit{"engine/transactions.go", "\t\tt.open[tx] = o\n\t\tdelete(t.early, tx)\n", ""},
		Breaks: "ENDs wait for rows that were read",
		Killer: "the merge's promises",
	},
	{
		Name:   "old commits settle at once",
		edit:   edit{"engine/merge.go", "if at-commit <= maxIdleLag.Microseconds() {", "if true {"},
		Breaks: "a partition that is silent while a topic is filled with old commits lets later records of its own be late",
		Killer: "the merge's promises",
	},
	{
		Name:   "batches on their way to the disk are not seen",
		edit:   edit{"engine/complete.go", "range slices.Backward(k.sealed) {", "range slices.Backward(k.sealed[:0]) {"},
		Breaks: "an update of a row of the batch before finds an older version",
		Killer: "the comparison with the naive model",
	},
	{
		Name:   "flushed rows are lost",
		edit:   edit{"engine/checkpoint.go", "\t\t\td.PutRow(r.src.rec.ID, []byte(k), row)\n", "\t\t\td.DeleteRow(r.src.rec.ID, []byte(k))\n"},
		Breaks: "an update finds no row to retract once a checkpoint was written",
		Killer: "the comparison with the naive model",
	},
	{
		Name: "the mark is written before the entries",
		edit: edit{
			"engine/checkpoint.go",
			"\tif err := f.all(pending); err != nil {\n\t\treturn err\n\t}\n\tpassed(stepRootsWritten)\n\tb := c.eng.db.NewBatch()\n\tputMark(b, g.flushedKey(), mark)\n\tif err := c.eng.commit(b); err != nil {\n\t\treturn err\n\t}\n",
			"\tb := c.eng.db.NewBatch()\n\tputMark(b, g.flushedKey(), mark)\n\tif err := c.eng.commit(b); err != nil {\n\t\treturn err\n\t}\n\ttime.Sleep(20 * time.Millisecond)\n\tif err := f.all(pending); err != nil {\n\t\treturn err\n\t}\n",
		},
		Breaks: "a crash between the two loses entries (the pause makes it likely)",
		Killer: "the kills",
	},
	{
		Name:   "readers are told before the entries are there",
		edit:   edit{"engine/ingest.go", "\tif err := in.src.applyCommitted(b.changes); err != nil {", "\tin.src.publish(b.state)\n\ttime.Sleep(5 * time.Millisecond)\n\tif err := in.src.applyCommitted(b.changes); err != nil {"},
		Breaks: "an answer as of the frontier may miss changes up to it (the pause makes it likely)",
		Killer: "the kills",
	},
	{
		Name:   "TRUNCATE keeps the row before it",
		edit:   edit{"engine/window/window.go", "\t\t\tfirst = max(first, x.Pos)\n", "\t\t\tfirst = max(first, x.Pos-1)\n"},
		Breaks: "the last row written before a TRUNCATE survives it",
		Killer: "the engine's stories",
	},
	{
		Name:   "rows that left still set the scale",
		edit:   edit{"sql/agg/total_numeric.go", "\t\tif s.n == 0 {\n\t\t\tcontinue\n\t\t}\n\t\tif v := s.value(); !any", "\t\tif v := s.value(); !any"},
		Breaks: "the sum of 1 and 2 is 3.00 where an amount with two digits once was",
		Killer: "the comparison with the naive model",
	},
}
