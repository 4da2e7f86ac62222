// Package admin is the door for those who operate asof: health, metrics and profiles over HTTP.
//
//	/livez     the process answers; open to everybody
//	/readyz    every source is read; 503 and the names of those that are not, open to everybody but for the reasons
//	/metrics   Prometheus' text; see metrics.go for the names
//	/debug/pprof/…   Go's profiles
//
// Without users all of it is open to whom the address lets in, which is then a loopback address. With users /metrics and the profiles, and the reasons of /readyz, are for
// admins, by HTTP basic authentication. Requests whose Host is a name other than localhost are refused where nobody has to authenticate: a page in somebody's browser
// could otherwise read them through a name of its own.
package admin

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/asofdb/asof/engine"
)

// Options configure a Server.
type Options struct {
	Engine  *engine.Engine
	Metrics *Metrics
	TLS     *tls.Config  // nil: plain HTTP
	Logger  *slog.Logger // nil discards
}

// Server answers operators.
type Server struct {
	o    Options
	http *http.Server
}

// route is one path. open ones answer everybody.
type route struct {
	path   string
	open   bool
	answer http.HandlerFunc
}

// New returns a server; Serve starts it.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o}
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		h := r.answer
		if !r.open {
			h = s.admins(h)
		}
		mux.Handle("GET "+r.path, s.named(h))
	}
	s.http = &http.Server{
		Handler: mux, TLSConfig: o.TLS, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	return s
}

// routes are all there are; a path that is not among them is 404.
func (s *Server) routes() []route {
	metrics := promhttp.HandlerFor(s.o.Metrics.registry(s.o.Engine), promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelWarn)})
	return []route{
		{"/livez", true, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, map[string]any{"status": "ok"}) }},
		{"/readyz", true, s.ready},
		{"/metrics", false, metrics.ServeHTTP},
		{"/debug/pprof/", false, pprof.Index},
		{"/debug/pprof/cmdline", false, pprof.Cmdline},
		{"/debug/pprof/profile", false, pprof.Profile},
		{"/debug/pprof/symbol", false, pprof.Symbol},
		{"/debug/pprof/trace", false, pprof.Trace},
	}
}

// Serve answers until Shutdown; it takes over the listener.
func (s *Server) Serve(l net.Listener) error {
	if s.o.TLS != nil {
		l = tls.NewListener(l, s.o.TLS)
	}
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown waits for requests that are being answered, as long as ctx lets it.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// ready says whether every source is read, and to admins why not.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	code, body := http.StatusOK, map[string]any{"status": "ready"}
	failed := map[string]any{}
	for _, src := range s.o.Engine.Status().Sources {
		if src.Failed {
			failed[src.Name] = map[string]string{"state": src.State, "next_step": src.NextStep}
		}
	}
	if len(failed) > 0 {
		code, body["status"] = http.StatusServiceUnavailable, "not ready"
		if s.isAdmin(r) {
			body["sources"] = failed
		}
	}
	answer(w, code, body)
}

func answer(w http.ResponseWriter, code int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}

// isAdmin reports whether a request may see everything.
func (s *Server) isAdmin(r *http.Request) bool {
	if !s.o.Engine.HasUsers() {
		return true
	}
	user, password, ok := r.BasicAuth()
	return ok && s.o.Engine.CheckPassword(user, password) && s.o.Engine.IsAdmin(user)
}

// admins answers admins alone.
func (s *Server) admins(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isAdmin(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="asof", charset="UTF-8"`)
			http.Error(w, "an admin's user and password, please", http.StatusUnauthorized)
			return
		}
		h(w, r)
	}
}

// named refuses requests under a name that is not this machine's where nobody authenticates.
func (s *Server) named(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !s.o.Engine.HasUsers() && host != "localhost" && net.ParseIP(host) == nil && host != "[::1]" {
			http.Error(w, "this server is called localhost", http.StatusForbidden)
			return
		}
		h(w, r)
	}
}
