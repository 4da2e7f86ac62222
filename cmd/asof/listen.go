package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
)

// listener is an address that was taken for a door.
type listener struct {
	opening
	net.Listener
}

// listen takes the doors' addresses. An address that was given and is in use is an error; a usual one is left alone, and its door stays shut.
func (cmd *serveCommand) listen(log *slog.Logger, users bool) (all []*listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			all = nil
		}
	}()
	for _, o := range cmd.openings() {
		addr := string(o.given)
		if addr == "" {
			addr = o.usual
		}
		if addr == "off" || addr == "" {
			continue
		}
		l, err := net.Listen("tcp", addr)
		switch {
		case err == nil:
			all = append(all, &listener{o, l})
			if err := cmd.mayOpen(all[len(all)-1], users); err != nil {
				return all, err
			}
		case o.given == "" && errors.Is(err, syscall.EADDRINUSE):
			log.Warn("a door stays shut: its usual address is in use", "door", o.name, "address", addr, "hint", "--"+o.name+"-addr 127.0.0.1:0 takes a free port")
		default:
			return all, fmt.Errorf("--%s-addr %s: %w", o.name, addr, errors.Unwrap(err))
		}
	}
	return all, nil
}

// mayOpen refuses to listen where anybody could come in, or read what others send.
func (cmd *serveCommand) mayOpen(l *listener, users bool) error {
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok || addr.IP.IsLoopback() {
		return nil
	}
	at := fmt.Sprintf("--%s-addr %s is not a loopback address", l.name, addr)
	switch {
	case !users:
		return fmt.Errorf("%s, and there are no users yet: anybody could come in. Create an admin first: asof sql --data-dir %s -c \"CREATE USER name PASSWORD '…'\"", at, cmd.DataDir)
	case cmd.TLSCert == "" && !cmd.Insecure:
		return fmt.Errorf("%s: passwords and rows would cross the network in the clear. Give --tls-cert and --tls-key, or --insecure if something else protects them", at)
	}
	return nil
}
