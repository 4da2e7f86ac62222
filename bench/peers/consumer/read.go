package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// windows are what values are computed over, as their names end.
var windows = []struct {
	name   string
	length time.Duration
}{{"1hour", time.Hour}, {"7days", 7 * 24 * time.Hour}, {"30days", longestWindow}}

// values are a customer's, by the names of their columns.
type values map[string]string

// read computes the values of a customer at a moment. Averages are left out: they are the sums' quotients.
func read(ctx context.Context, db *redis.Client, name string, at int64) (values, error) {
	orders, err := db.ZRangeByScoreWithScores(ctx, customerKey(name), &redis.ZRangeBy{Min: "(" + strconv.FormatInt(at-longestWindow.Microseconds(), 10), Max: "+inf"}).Result()
	if err != nil {
		return nil, err
	}
	v := values{}
	for _, w := range windows {
		n, sum, most := 0, int64(0), int64(0)
		for _, o := range orders {
			if int64(o.Score) <= at-w.length.Microseconds() {
				continue
			}
			_, text, _ := strings.Cut(o.Member.(string), ":")
			cents, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			n, sum, most = n+1, sum+cents, max(most, cents)
		}
		v["c"+w.name] = strconv.Itoa(n)
		if n > 0 {
			v["s"+w.name], v["m"+w.name] = money(sum), money(most)
		}
	}
	return v, nil
}

func money(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
