package main

import (
	"net"
	"os"
)

// notify tells systemd that the service is up (Type=notify); without systemd it does nothing.
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		warnf("cannot reach systemd: %v", err)
		return
	}
	defer connection.Close()
	if _, err := connection.Write([]byte(state)); err != nil {
		warnf("cannot reach systemd: %v", err)
	}
}
