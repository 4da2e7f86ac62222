package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/asofdb/asof/bench/service"
)

// cluster says which Kafka is used.
type cluster struct {
	brokers string // of one that runs
	real    bool   // one of .ci/services
}

// broker is a Kafka that runs.
type broker struct {
	address string
	// cpu is the processor time that it has used, 0 where it is another's.
	cpu func() time.Duration
}

// run has fn use a broker. One that is started for it has nothing in it yet, and is gone afterwards.
func (c cluster) run(ctx context.Context, fn func(*broker) error) error {
	switch {
	case c.brokers != "":
		return fn(&broker{c.brokers, func() time.Duration { return 0 }})
	case c.real:
		return service.With(ctx, "kafka", func(k *service.Service) error { return fn(&broker{k.Address, k.CPU}) })
	}
	own, err := service.StartSelf("--child", brokerChild)
	if err != nil {
		return err
	}
	err = fn(&broker{own.Said, func() time.Duration { return service.CPU(own.Process.Pid) }})
	return errors.Join(err, own.Stop())
}

const brokerChild = "broker"

// serveBroker is a broker until SIGTERM. It forgets at once what a topic's retention no longer keeps.
func serveBroker() error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "1000"}))
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println(strings.Join(c.ListenAddrs(), ","))
	<-asked
	return nil
}
