package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/asofdb/asof/bench/workload"
)

// respClient speaks as much of Redis's protocol as HGETALL needs, so that clients cost little beside the servers.
type respClient struct {
	net.Conn
	r   *bufio.Reader
	out []byte
}

func dialRESP(addr string) (client, error) { return dialHashes(addr) }

func dialHashes(addr string) (*respClient, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &respClient{Conn: nc, r: bufio.NewReaderSize(nc, 64<<10)}, nil
}

func (c *respClient) ask(words ...string) {
	c.out = fmt.Appendf(c.out, "*%d\r\n", len(words))
	for _, w := range words {
		c.out = append(strconv.AppendInt(append(c.out, '$'), int64(len(w)), 10), '\r', '\n')
		c.out = append(append(c.out, w...), '\r', '\n')
	}
}

func (c *respClient) send() error {
	_, err := c.Write(c.out)
	c.out = c.out[:0]
	return err
}

const hash = "features:customer:"

func (c *respClient) read(customers []string) error {
	for _, name := range customers {
		c.out = append(c.out, "*2\r\n$7\r\nHGETALL\r\n$"...)
		c.out = append(strconv.AppendInt(c.out, int64(len(hash)+len(name)), 10), "\r\n"+hash...)
		c.out = append(append(c.out, name...), '\r', '\n')
	}
	if err := c.send(); err != nil {
		return err
	}
	for range customers {
		n, err := c.line('*')
		if err == nil && n == 0 {
			err = errors.New("a customer has no values")
		}
		for ; err == nil && n > 0; n-- {
			err = c.skipBulk()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// line reads the number of a line of this kind.
func (c *respClient) line(kind byte) (int, error) {
	b, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if b[0] != kind {
		return 0, fmt.Errorf("the server says %q", b)
	}
	return strconv.Atoi(string(b[1 : len(b)-2]))
}

func (c *respClient) skipBulk() error {
	n, err := c.line('$')
	if err == nil {
		_, err = c.r.Discard(n + 2)
	}
	return err
}

func (c *respClient) bulk() (string, error) {
	n, err := c.line('$')
	if err != nil {
		return "", err
	}
	b := make([]byte, n+2)
	_, err = io.ReadFull(c.r, b)
	return string(b[:n]), err
}

// copyValues brings to Redis what asof answers for every customer, as a batch job would, so that both reply with the same bytes: the values that are not NULL,
// as_of and updated_at. It returns the customers that have values.
func copyValues(asof, redis string, customers int) (known []string, err error) {
	from, err := dialHashes(asof)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := dialHashes(redis)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	for n := range customers {
		name := workload.Customer(n)
		from.ask("HGETALL", hash+name)
		if err := from.send(); err != nil {
			return nil, err
		}
		size, err := from.line('*')
		if err != nil {
			return nil, err
		}
		words := []string{"HSET", hash + name}
		for range size / 2 {
			field, err := from.bulk()
			if err != nil {
				return nil, err
			}
			value, err := from.bulk()
			if err != nil {
				return nil, err
			}
			words = append(words, field, value)
		}
		if size == 0 {
			continue
		}
		known = append(known, name)
		to.ask(words...)
		if err := to.send(); err != nil {
			return nil, err
		}
		if _, err := to.line(':'); err != nil {
			return nil, err
		}
	}
	if len(known) == 0 {
		return nil, errors.New("no customer has values")
	}
	return known, nil
}
