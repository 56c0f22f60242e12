// Command rancher is a double of the Rancher server and of its cluster agent, for tests: see README.md.
package main

import (
	"crypto/tls"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "agent" {
		log.Fatal(agent())
	}
	authority, err := loadAuthority()
	if err != nil {
		log.Fatal(err)
	}
	api := newAPI(authority)
	go func() { log.Fatal(http.ListenAndServe(":8080", api)) }()
	// The certificate comes once cert-manager has signed it, or is there already
	for {
		pair, err := tls.LoadX509KeyPair("/tls/tls.crt", "/tls/tls.key")
		if err == nil {
			server := &http.Server{
				Addr: ":8443", Handler: api,
				TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
			}
			log.Fatal(server.ListenAndServeTLS("", ""))
		}
		time.Sleep(time.Second)
	}
}
