package main

import (
	"context"
	"fmt"

	"github.com/asofdb/asof/bench/service"
	"github.com/asofdb/asof/bench/training"
	"github.com/asofdb/asof/bench/workload"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// freshness has changes that are committed now sent at a rate, to all partitions but the silent ones, and prints how long they took until they were readable.
func (s *settings) freshness(ctx context.Context, rate, silent int, b *broker) error {
	if err := newTopic(ctx, b.address, s.partitions+silent, forever); err != nil {
		return err
	}
	return withSession(func(session *engine.Session) error { return s.sendAndRead(ctx, session, rate, silent, b) })
}

func (s *settings) sendAndRead(ctx context.Context, session *engine.Session, rate, silent int, b *broker) error {
	if err := session.Exec(ctx, source(b.address, workload.AppendOnly)+"; "+training.Feature()); err != nil {
		return err
	}
	engineCPU, brokerCPU := service.OwnCPU(), b.cpu()
	g, err := generator{Address: b.address, Spec: s.spec(workload.AppendOnly), Rate: rate, Partitions: s.partitions, Seconds: s.seconds}.start()
	if err != nil {
		return err
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("the generator: %w", err)
	}
	engineCPU, brokerCPU = service.OwnCPU()-engineCPU, b.cpu()-brokerCPU
	rows, err := session.Query(ctx, "SHOW FRESHNESS")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v := map[string]types.Value{}
		for i, col := range rows.Columns() {
			v[col.Name] = rows.Values()[i]
		}
		what := fmt.Sprint(s.partitions)
		if silent > 0 {
			what += fmt.Sprintf(" and %d silent", silent)
		}
		fmt.Printf("| %d | %s | %d ms | %d ms | %d | %.1f | %.1f | %.1f |\n", rate, what, v["p50"].I/1000, v["p99"].I/1000, v["changes"].I, engineCPU.Seconds(), brokerCPU.Seconds(),
			(g.ProcessState.UserTime() + g.ProcessState.SystemTime()).Seconds())
	}
	return rows.Err()
}
