package exact

import (
	"fmt"

	"github.com/asofdb/asof/bench/exact/random"
)

// verifying is the way of VERIFY FEATURE.
const verifying = "VERIFY"

// verified lets the engine verify each feature by itself: its plain evaluation agrees with its fast one, at moments of its own choice.
func (r *session) verified() error {
	for _, d := range r.s.definitions {
		n, err := r.verify(d)
		if err != nil {
			return fmt.Errorf("VERIFY FEATURE %s: %w", d.Name, err)
		}
		r.compared[verifying] += n
	}
	return nil
}

// verify returns how many values VERIFY FEATURE says it has compared.
func (r *session) verify(d random.Definition) (int, error) {
	rows, err := r.eng.Query(r.ctx, "VERIFY FEATURE "+d.Name)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return 0, fmt.Errorf("it says nothing (%w)", rows.Err())
	}
	return int(rows.Values()[3].I), nil
}
