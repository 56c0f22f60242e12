package main

import (
	"net"
	"os"
)

// notifySocket is systemd's. Children do not get it: etcd and kube-apiserver would speak for us.
var notifySocket = os.Getenv("NOTIFY_SOCKET")

func init() { os.Unsetenv("NOTIFY_SOCKET") }

// notify tells systemd that the service is up (Type=notify); without systemd it does nothing.
func notify(state string) {
	if notifySocket == "" {
		return
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: notifySocket, Net: "unixgram"})
	if err != nil {
		warnf("cannot reach systemd: %v", err)
		return
	}
	defer connection.Close()
	if _, err := connection.Write([]byte(state)); err != nil {
		warnf("cannot reach systemd: %v", err)
	}
}
