package types

import "time"

// parseDate reads a DATE; a time of day behind it is read and dropped, as PostgreSQL does.
func parseDate(s string) (Value, error) {
	c, err := readDateTime(Date, s, nil)
	if err != nil {
		return Value{}, err
	}
	if c.infinite != 0 {
		if c.infinite > 0 {
			return NewDate(InfinityDays), nil
		}
		return NewDate(NegInfinityDays), nil
	}
	if c.days < minDays || c.days > maxDays {
		return Value{}, Errorf(CodeDatetimeOverflow, "date out of range: \"%s\"", s)
	}
	return NewDate(c.days), nil
}

// parseTimestamp reads a TIMESTAMP, ignoring a zone in it, or a TIMESTAMPTZ, which without a zone is local to zone.
func parseTimestamp(t Type, s string, zone *time.Location) (Value, error) {
	c, err := readDateTime(t.Kind, s, zone)
	if err != nil {
		return Value{}, err
	}
	switch {
	case c.infinite > 0:
		return Value{Kind: t.Kind, I: Infinity}, nil
	case c.infinite < 0:
		return Value{Kind: t.Kind, I: NegInfinity}, nil
	}
	us, ok := timestampOf(c.days, c.timeOfDay)
	if ok && t.Kind == Timestamptz {
		us = c.instant(us, zone)
	}
	if ok {
		us, ok = roundMicroseconds(us, t.fraction())
	}
	if !ok || us < minTimestamp || us > maxTimestamp {
		return Value{}, Errorf(CodeDatetimeOverflow, "timestamp out of range: \"%s\"", s)
	}
	return Value{Kind: t.Kind, I: us}, nil
}

// instant returns the moment of the local time us: by the text's own zone, or else the session's.
func (c civilTime) instant(us int64, zone *time.Location) int64 {
	switch {
	case c.zone != nil:
		return toUTC(us, c.zone)
	case c.hasZone:
		if c.offset < 0 && us > maxTimestamp+c.offset*second {
			return Infinity // which the caller's range check refuses
		}
		return us - c.offset*second
	}
	return toUTC(us, zone)
}

// readDateTime reads the text of a Date, Timestamp or Timestamptz.
func readDateTime(k Kind, s string, zone *time.Location) (civilTime, error) {
	if c, ok := parseISO(s); ok {
		return c, nil
	}
	return decodeDateTime(k, s)
}

// parseTime reads a TIME.
func parseTime(t Type, s string) (Value, error) {
	us, rest, ok := isoTimeOfDay(s)
	if !ok || rest != "" {
		var err error
		if us, err = decodeTime(s); err != nil {
			return Value{}, err
		}
	}
	us, _ = roundMicroseconds(us, t.fraction())
	return Value{Kind: Time, I: us}, nil
}
