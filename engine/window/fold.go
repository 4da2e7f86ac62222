package window

import (
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// aggregate computes the aggregates at t and reports whether the entity has a row.
func (ev *Evaluator) aggregate(log *Log, t int64) (bool, error) {
	exists, known, err := ev.accumulate(log, t, false)
	if err == nil && !known {
		exists, _, err = ev.accumulate(log, t, true)
	}
	return exists, err
}

// accumulate folds the log and reads the results; known is false where a MIN or MAX was not accumulated in full and now would have to be.
func (ev *Evaluator) accumulate(log *Log, t int64, full bool) (exists, known bool, err error) {
	ev.stand(full)
	count, failed, err := ev.fold(log, t)
	if err == nil && failed != nil {
		ev.stand(full)
		count, err = ev.foldLive(log, t)
	}
	if exists = count > 0 || len(ev.f.Keys) == 0; !exists || err != nil {
		return exists, true, err
	}
	known, err = ev.readResults()
	return true, known, err
}

func (ev *Evaluator) stand(full bool) {
	for i := range ev.ladders {
		ev.ladders[i].stand(ev.filters, full)
	}
}

// fold is the scan: every entry that is visible at t, in one pass. It returns how many rows pass WHERE. failed is the first error of an
// expression, which ends the fold; err one of reading the log.
func (ev *Evaluator) fold(log *Log, t int64) (count int64, failed, err error) {
	w, any := ev.scanWindow(t)
	if !any {
		return 0, nil, nil
	}
	first := log.firstPos(t)
	ev.cursor.Open(log.Root, log.More, w, log.Fetch, log.Pending...)
	for e := ev.cursor.Next(); e != nil; e = ev.cursor.Next() {
		if e.Pos < first {
			continue
		}
		counted, err := ev.take(e)
		if err != nil {
			return 0, err, nil
		}
		if counted {
			count += int64(e.Sign)
		}
	}
	return count, nil, ev.cursor.Err()
}

// turn turns to an entry: nothing is known of its row.
func (ev *Evaluator) turn(e *history.Entry) {
	ev.rows.turn(e)
	clear(ev.rests.known)
	for i := range ev.args.list {
		ev.args.list[i].known = false
	}
}

// take folds one entry into the ladders and reports whether it passes WHERE.
func (ev *Evaluator) take(e *history.Entry) (bool, error) {
	if !ev.where.admits(e) {
		return false, nil
	}
	ev.turn(e)
	if ok, err := ev.rests.pass(ev.where.rest, &ev.rows); !ok || err != nil {
		return false, err
	}
	for i := range ev.ladders {
		l := &ev.ladders[i]
		step := l.stepOf(e)
		if step < 0 {
			continue
		}
		ok, err := ev.rests.pass(l.rest, &ev.rows)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		for j := range l.sums {
			s := &l.sums[j]
			place := s.place[step]
			if place < 0 {
				continue
			}
			var v *types.Value
			if s.arg >= 0 {
				if v, err = ev.args.value(s.arg, &ev.rows); err != nil {
					return false, err
				}
			}
			s.partials[place].add(v, e.Sign)
		}
	}
	return true, nil
}

// readResults reads the aggregates' results into the row that the outputs see. Of several errors it is the first aggregate's that is returned.
func (ev *Evaluator) readResults() (known bool, err error) {
	results := ev.results()
	known = true
	clear(ev.errs)
	for i := range ev.ladders {
		for j := range ev.ladders[i].sums {
			ev.ladders[i].sums[j].read(func(u *use, p *partial) {
				for _, a := range u.aggs {
					var ok bool
					results[a], ok, ev.errs[a] = p.result(ev.f.Aggs[a].Fn)
					known = known && ok
				}
			})
		}
	}
	for _, err := range ev.errs {
		if err != nil {
			return known, err
		}
	}
	return known, nil
}

// results is the part of the outputs' row that the aggregates' results are.
func (ev *Evaluator) results() []types.Value { return ev.out.Row[len(ev.f.Keys):] }
