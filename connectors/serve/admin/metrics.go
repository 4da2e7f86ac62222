package admin

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/asofdb/asof/engine"
)

// Metrics gather what happens. They exist before the engine, whose Options.Observe is their Observe.
type Metrics struct {
	queries *prometheus.HistogramVec
	errors  *prometheus.CounterVec
	extra   []prometheus.Collector
}

// NewMetrics returns metrics that have seen nothing.
func NewMetrics() *Metrics {
	return &Metrics{
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "asof_query_seconds", Help: "Statements and commands, from their beginning until their rows were read.",
			Buckets:                     []float64{10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"door", "kind"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "asof_query_errors_total", Help: "Statements and commands that an error ended, by its SQLSTATE.",
		}, []string{"door", "code"}),
	}
}

// Observe notes a statement that has ended.
func (m *Metrics) Observe(o engine.Observation) {
	m.queries.WithLabelValues(o.Door, o.Kind).Observe(o.Took.Seconds())
	if o.Code != "" {
		m.errors.WithLabelValues(o.Door, o.Code).Inc()
	}
}

// Gauge adds a figure that f tells whenever it is asked for, as a door's number of connections. It is called before the server is made.
func (m *Metrics) Gauge(name, help string, labels map[string]string, f func() float64) {
	m.extra = append(m.extra, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, f))
}

// Counter is Gauge for a figure that only grows.
func (m *Metrics) Counter(name, help string, labels map[string]string, f func() float64) {
	m.extra = append(m.extra, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, f))
}

func (m *Metrics) registry(e *engine.Engine) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.queries, m.errors, &state{e})
	r.MustRegister(m.extra...)
	return r
}

// state is the engine's state when it is asked for.
type state struct{ eng *engine.Engine }

// sourceMetric is one figure of a source.
type sourceMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(engine.SourceStatus) float64
}

func ofSource(name, help string, kind prometheus.ValueType, value func(engine.SourceStatus) float64) sourceMetric {
	return sourceMetric{prometheus.NewDesc(name, help, []string{"source"}, nil), kind, value}
}

var sourceMetrics = []sourceMetric{
	ofSource("asof_changes_total", "Changes made durable.", prometheus.CounterValue, func(s engine.SourceStatus) float64 { return float64(s.Changes) }),
	ofSource("asof_records_total", "Records read, bad ones included.", prometheus.CounterValue, func(s engine.SourceStatus) float64 { return float64(s.Records) }),
	ofSource("asof_repeated_changes_total", "Changes dropped because they had been seen.", prometheus.CounterValue, func(s engine.SourceStatus) float64 { return float64(s.Repeated) }),
	ofSource("asof_rejected_records_total", "Bad records that were kept aside.", prometheus.CounterValue, func(s engine.SourceStatus) float64 { return float64(s.Rejected) }),
	ofSource("asof_shifted_changes_total", "Changes that came too late to be shown at their commit time.", prometheus.CounterValue, func(s engine.SourceStatus) float64 { return float64(s.Shifted) }),
	ofSource("asof_split_transactions_total", "Transactions that went on after they had been taken for complete.", prometheus.CounterValue, func(s engine.SourceStatus) float64 { return float64(s.Split) }),
	ofSource("asof_unknown_rows_total", "Updates and deletes of rows that were not known.", prometheus.CounterValue, func(s engine.SourceStatus) float64 { return float64(s.Unknown) }),
	ofSource("asof_source_up", "1 while the source is read or complete, 0 where reading has stopped.", prometheus.GaugeValue, func(s engine.SourceStatus) float64 {
		if s.Failed {
			return 0
		}
		return 1
	}),
}

var (
	frontierDesc = prometheus.NewDesc("asof_frontier_seconds", "The moment through which readers see everything, in seconds since 1970; none where there is none yet, or the source is complete.", []string{"origin"}, nil)
	lagDesc      = prometheus.NewDesc("asof_source_lag_seconds", "The clock minus the frontier.", []string{"source"}, nil)
	freshDesc    = prometheus.NewDesc("asof_freshness_seconds", "The clock minus the moment that the feature's values are of.", []string{"feature"}, nil)
	visibleDesc  = prometheus.NewDesc("asof_commit_to_readable_seconds", "How long changes of the last ten minutes took from their commit until readers saw them.", []string{"source", "quantile"}, nil)
	featuresDesc = prometheus.NewDesc("asof_features", "Features that are defined.", nil, nil)
	replayDesc   = prometheus.NewDesc("asof_replay_changes", "Changes that a crash now would make the next start replay.", nil, nil)
	pendingDesc  = prometheus.NewDesc("asof_pending_bytes", "Memory that waits for a checkpoint.", nil, nil)
	diskDesc     = prometheus.NewDesc("asof_disk_bytes", "Disk space of the data directory's tree.", nil, nil)
	freeDesc     = prometheus.NewDesc("asof_disk_free_bytes", "Free space of the disk.", nil, nil)
	commitsDesc  = prometheus.NewDesc("asof_commits_total", "Durable transactions.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s *state) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range sourceMetrics {
		ch <- m.desc
	}
	for _, d := range []*prometheus.Desc{frontierDesc, lagDesc, freshDesc, visibleDesc, featuresDesc, replayDesc, pendingDesc, diskDesc, freeDesc, commitsDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *state) Collect(ch chan<- prometheus.Metric) {
	st := s.eng.Status()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, src := range st.Sources {
		for _, m := range sourceMetrics {
			ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(src), src.Name)
		}
		if !src.Frontier.IsZero() {
			gauge(frontierDesc, float64(src.Frontier.UnixMicro())/1e6, src.Name)
			gauge(lagDesc, time.Since(src.Frontier).Seconds(), src.Name)
		}
		if src.Visible[1] > 0 {
			gauge(visibleDesc, src.Visible[0].Seconds(), src.Name, "0.5")
			gauge(visibleDesc, src.Visible[1].Seconds(), src.Name, "0.99")
		}
	}
	for _, f := range st.Features {
		if f.Freshness >= 0 {
			gauge(freshDesc, f.Freshness.Seconds(), f.Name)
		}
	}
	gauge(featuresDesc, float64(len(st.Features)))
	gauge(replayDesc, float64(st.ReplayChanges))
	gauge(pendingDesc, float64(st.PendingBytes))
	gauge(diskDesc, float64(st.DiskBytes))
	if st.FreeBytes >= 0 {
		gauge(freeDesc, float64(st.FreeBytes))
	}
	ch <- prometheus.MustNewConstMetric(commitsDesc, prometheus.CounterValue, float64(st.Commits))
}
