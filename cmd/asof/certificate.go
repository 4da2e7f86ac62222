package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// certificate is what the doors show of themselves; nil where there is no TLS. SIGHUP reads its files again.
type certificate struct {
	cert, key string
	loaded    atomic.Pointer[tls.Certificate]
}

// loadCertificate reads a certificate chain and its key; nil for none.
func loadCertificate(cert, key string) (*certificate, error) {
	if cert == "" {
		return nil, nil
	}
	c := &certificate{cert: cert, key: key}
	return c, c.load()
}

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("--tls-cert %s: %w", c.cert, err)
	}
	c.loaded.Store(&pair)
	return nil
}

// server is a door's TLS configuration, nil where there is none.
func (c *certificate) server() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.loaded.Load(), nil },
	}
}

// reloadOnHangup reads the files again at every SIGHUP, until stop is called. What cannot be read leaves things as they are.
func (c *certificate) reloadOnHangup(log *slog.Logger) (stop func()) {
	hangups, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer close(done)
		for range hangups {
			if c == nil {
				continue
			}
			if err := c.load(); err != nil {
				log.Error("the certificate stays as it was", "error", err)
				continue
			}
			log.Info("the certificate was read again", "file", c.cert)
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
		<-done
	}
}
