package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// named listens and says its name to whoever comes; then it keeps the connection.
func named(t *testing.T, name string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(connection, name)
		}
	}()
	return listener
}

func answered(t *testing.T, b *loadBalancer) (net.Conn, string) {
	t.Helper()
	connection, err := net.Dial("tcp", b.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	connection.SetReadDeadline(time.Now().Add(10 * time.Second))
	line, _ := bufio.NewReader(connection).ReadString('\n')
	return connection, strings.TrimSpace(line)
}

func TestAnAgentGoesOnWithAnotherServer(t *testing.T) {
	one, two := named(t, "one"), named(t, "two")
	file := filepath.Join(t.TempDir(), "etc", "lb.json")
	b, err := newLoadBalancer(t.Context(), "0", one.Addr().String(), file)
	if err != nil {
		t.Fatal(err)
	}
	b.remember([]string{one.Addr().String(), two.Addr().String()})
	if _, name := answered(t, b); name != "one" {
		t.Errorf("%q answered", name)
	}
	one.Close()
	if _, name := answered(t, b); name != "two" {
		t.Errorf("%q answered after one was gone", name)
	}
}

func TestConnectionsToASilentServerAreClosed(t *testing.T) {
	one, two := named(t, "one"), named(t, "two")
	b, err := newLoadBalancer(t.Context(), "0", one.Addr().String(), filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	b.setServers([]string{one.Addr().String(), two.Addr().String()})
	connection, _ := answered(t, b)
	one.Close() // its connections stay, as those of a host without power do
	connection.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := connection.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("still open: %v", err)
	}
}

func TestServersAreKnownAtTheNextStart(t *testing.T) {
	two := named(t, "two")
	gone := named(t, "gone")
	file := filepath.Join(t.TempDir(), "lb.json")
	before, err := newLoadBalancer(t.Context(), "0", gone.Addr().String(), file)
	if err != nil {
		t.Fatal(err)
	}
	before.remember([]string{two.Addr().String()})
	gone.Close()
	after, err := newLoadBalancer(t.Context(), "0", gone.Addr().String(), file)
	if err != nil {
		t.Fatal(err)
	}
	if _, name := answered(t, after); name != "two" {
		t.Errorf("%q answered", name)
	}
}

func TestConnectionsToAServerThatLeftAreClosed(t *testing.T) {
	one, two := named(t, "one"), named(t, "two")
	b, err := newLoadBalancer(t.Context(), "0", two.Addr().String(), filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	b.setServers([]string{one.Addr().String()})
	connection, _ := answered(t, b)
	b.setServers([]string{two.Addr().String()})
	connection.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := connection.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("still open: %v", err)
	}
}
