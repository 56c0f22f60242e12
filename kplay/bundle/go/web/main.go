// Command web is the image that the verify role runs in a new cluster: it serves its
// pod's name over HTTP, and as a client looks a name up or fetches a page from inside a pod.
//
//	web serve [ADDRESS]    answer every request with the host name (default :8080)
//	web lookup NAME        print the addresses of NAME, one a line
//	web fetch URL          print the body that URL answers with
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// limit bounds a lookup or a fetch, so that a pod without a network fails and does not hang.
const limit = 10 * time.Second

func serve(address string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, name)
	})
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: limit}
	return server.ListenAndServe()
}

func lookup(name string) error {
	bounded, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(bounded, name)
	for _, address := range addresses {
		fmt.Println(address)
	}
	return err
}

func fetch(url string) error {
	client := &http.Client{Timeout: limit}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "serve":
		return serve(":8080")
	case len(arguments) == 2 && arguments[0] == "serve":
		return serve(arguments[1])
	case len(arguments) == 2 && arguments[0] == "lookup":
		return lookup(arguments[1])
	case len(arguments) == 2 && arguments[0] == "fetch":
		return fetch(arguments[1])
	}
	return fmt.Errorf("usage: web serve [ADDRESS] | web lookup NAME | web fetch URL")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}
