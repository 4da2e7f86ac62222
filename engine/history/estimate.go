package history

// Estimate is about how many of the root's entries a scan of w decodes. It looks at the root alone.
func (r *Root) Estimate(w Window) int64 {
	n := float64(r.tail.entries)
	for _, level := range r.levels {
		for i := range level {
			n += level[i].estimate(&w)
		}
	}
	return int64(n)
}

// estimate is about how many entries below h are in w, at least a chunk's where there may be any: they are taken to be spread evenly, and committed
// about when they happened.
func (h *Header) estimate(w *Window) float64 {
	if h.CMin > w.AsOf || w.skips(h) {
		return 0
	}
	part := overlap(h.CMin, h.CMax, h.CMin, w.AsOf)
	if !h.NoE {
		part = min(part, overlap(h.EMin, h.EMax, w.ELow, min(w.EHigh, w.AsOf)))
	}
	return max(part*float64(h.Count), ChunkEntries)
}

// overlap is the part of the range from lo to hi that is within another one.
func overlap(lo, hi, from, to int64) float64 {
	length := float64(hi) - float64(lo) + 1
	within := min(float64(hi), float64(to)) - max(float64(lo), float64(from)) + 1
	return min(max(within/length, 0), 1)
}
