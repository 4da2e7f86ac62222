package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/serve/admin"
	"github.com/asofdb/asof/connectors/serve/pgwire"
	"github.com/asofdb/asof/connectors/serve/resp"
	"github.com/asofdb/asof/engine"
)

type serveCommand struct {
	DataDir       string  `name:"data-dir" env:"ASOF_DATA_DIR" default:"./asof-data" placeholder:"DIR" help:"The data directory."`
	AdminAddr     address `name:"admin-addr" env:"ASOF_ADMIN_ADDR" placeholder:"ADDR" help:"Where health, metrics and profiles are served."`
	PGAddr        address `name:"pg-addr" env:"ASOF_PG_ADDR" placeholder:"ADDR" help:"Where the clients of PostgreSQL are served."`
	RespAddr      address `name:"resp-addr" env:"ASOF_RESP_ADDR" placeholder:"ADDR" help:"Where clients of Redis are served: 127.0.0.1:6380."`
	TLSCert       string  `name:"tls-cert" env:"ASOF_TLS_CERT" placeholder:"FILE" help:"The certificate chain of every door, in PEM."`
	TLSKey        string  `name:"tls-key" env:"ASOF_TLS_KEY" placeholder:"FILE" help:"Its private key."`
	Insecure      bool    `name:"insecure" env:"ASOF_INSECURE" help:"Let users in over the network without TLS."`
	FilesDir      string  `name:"files-dir" env:"ASOF_FILES_DIR" placeholder:"DIR" help:"The directory whose files admins may name in statements."`
	SecretKeyFile string  `name:"secret-key-file" env:"ASOF_SECRET_KEY_FILE" placeholder:"FILE" help:"The key of the secrets."`
	LogLevel      string  `name:"log-level" env:"ASOF_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error."`
	LogFormat     string  `name:"log-format" env:"ASOF_LOG_FORMAT" placeholder:"FORMAT" help:"text or json."`
	Config        string  `name:"config" env:"ASOF_CONFIG" placeholder:"FILE" help:"A YAML file of these settings."`
}

// address is where a door listens: "" is its default address, "off" keeps it shut.
type address string

// Validate checks what kong cannot.
func (cmd *serveCommand) Validate() error {
	var level slog.Level
	switch {
	case (cmd.TLSCert == "") != (cmd.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together")
	case level.UnmarshalText([]byte(cmd.LogLevel)) != nil:
		return fmt.Errorf("--log-level is debug, info, warn or error, not %q", cmd.LogLevel)
	case cmd.LogFormat != "" && cmd.LogFormat != "text" && cmd.LogFormat != "json":
		return fmt.Errorf("--log-format is text or json, not %q", cmd.LogFormat)
	}
	return nil
}

// A door is a way into the engine. Serve returns nil after Shutdown, which lets what runs end as long as ctx does.
type door interface {
	Serve(net.Listener) error
	Shutdown(ctx context.Context) error
}

// opening is a door that is to be opened.
type opening struct {
	name  string // of the flag, without -addr
	given address
	// usual is the address where none was given; "" keeps the door shut.
	usual string
	url   string // how a client calls the address, with %s for it
	make  func(h *house) door
}

// openings are all doors, in the order in which they are printed.
func (cmd *serveCommand) openings() []opening {
	return []opening{
		{"pg", cmd.PGAddr, "127.0.0.1:6543", "postgres://%s/asof", func(h *house) door {
			return h.counted("postgres", pgwire.New(h.eng, pgwire.Options{Version: version(), Logger: h.log, TLS: h.tls.server(), RequireTLS: !cmd.Insecure, Users: h.eng}))
		}},
		{"resp", cmd.RespAddr, "127.0.0.1:6380", "redis://%s", func(h *house) door {
			return h.counted("redis", resp.NewServer(h.eng, resp.Options{TLS: h.tls.server(), Logger: h.log, Version: version()}))
		}},
		{"admin", cmd.AdminAddr, "", "http://%s/metrics", func(h *house) door {
			h.metrics.Counter("asof_unsupported_catalog_queries_total", "Queries of the catalogs that were answered with no rows because they could not be planned.", nil,
				func() float64 { return float64(h.eng.UnplannedCatalogQueries()) })
			return admin.New(admin.Options{Engine: h.eng, Metrics: h.metrics, TLS: h.tls.server(), Logger: h.log})
		}},
	}
}

// house is what doors lead into.
type house struct {
	eng     *engine.Engine
	metrics *admin.Metrics
	tls     *certificate
	log     *slog.Logger
}

// counted has the metrics count a door's clients. The admin's door, which serves the metrics, is made after it.
func (h *house) counted(name string, d interface {
	door
	Connections() int
},
) door {
	h.metrics.Gauge("asof_connections", "Clients that are connected.", map[string]string{"door": name}, func() float64 { return float64(d.Connections()) })
	return d
}

// drainTime is how long statements that run may go on after SIGTERM.
const drainTime = 10 * time.Second

// Run serves until SIGTERM or Ctrl-C, lets what runs end, and ends with status 0. A second signal ends it at once: a crash loses nothing.
func (cmd *serveCommand) Run(a *app) (err error) {
	log := cmd.logger(a)
	h := &house{log: log, metrics: admin.NewMetrics()}
	if h.tls, err = loadCertificate(cmd.TLSCert, cmd.TLSKey); err != nil {
		return err
	}
	stop := a.signals.watch(func() { os.Exit(signalStatus(a.signals.got)) }) // a crash while recovering loses nothing
	h.eng, err = engine.Open(cmd.DataDir, engine.Options{
		Connectors: connectors.Default(), Logger: log, Observe: h.metrics.Observe, FilesDir: cmd.FilesDir, SecretKeyFile: cmd.SecretKeyFile, Owner: "asof serve",
		Notice: func(n engine.Notice) { log.Info(n.Message, "hint", n.Hint) },
	})
	stop()
	if err != nil {
		a.console.fail(err, nil)
		return status(exitUnreachable)
	}
	defer func() { err = errors.Join(err, h.eng.Close()) }()
	listeners, err := cmd.listen(log, h.eng.HasUsers())
	if err != nil {
		return err
	}
	return cmd.serve(a, h, listeners)
}

// serve opens the doors and waits for a signal, or for a door that fails.
func (cmd *serveCommand) serve(a *app, h *house, listeners []*listener) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer a.signals.watch(cancel)()
	defer h.tls.reloadOnHangup(h.log)()
	failed := make(chan error, len(listeners))
	var doors []door
	for _, l := range listeners {
		d := l.make(h)
		doors = append(doors, d)
		go func() {
			if err := d.Serve(l); err != nil {
				failed <- fmt.Errorf("the %s door: %w", l.name, err)
			}
		}()
	}
	if err := announce(a, cmd.DataDir, listeners); err != nil {
		return err
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	h.log.Info("draining", "at_most", drainTime)
	drain, stop := context.WithTimeout(context.Background(), drainTime)
	defer stop()
	errs := make(chan error)
	for _, d := range doors {
		go func() { errs <- d.Shutdown(drain) }()
	}
	for range doors {
		err = errors.Join(err, <-errs)
	}
	return err
}

// announce says on standard output where the doors are, once they are open.
func announce(a *app, dir string, listeners []*listener) error {
	_, err := fmt.Fprintf(a.stdout, "asof %s serves %s\n", version(), dir)
	for _, l := range listeners {
		if err == nil {
			_, err = fmt.Fprintf(a.stdout, "  %-6s  %s\n", l.name, fmt.Sprintf(l.url, l.Addr()))
		}
	}
	if err == nil {
		_, err = fmt.Fprintln(a.stdout, "ready; Ctrl-C to stop")
	}
	return err
}

func (cmd *serveCommand) logger(a *app) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cmd.LogLevel)); err != nil {
		panic(err) // Validate has looked
	}
	o := &slog.HandlerOptions{Level: level}
	if cmd.LogFormat == "json" || cmd.LogFormat == "" && !a.console.terminal.interactive {
		return slog.New(slog.NewJSONHandler(a.console.w, o))
	}
	return slog.New(slog.NewTextHandler(a.console.w, o))
}
