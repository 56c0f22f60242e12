package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// record is a key of etcd with its value.
type record struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

// fleeting are keys that end with a lease, and that are made anew.
var fleeting = []string{"/registry/events/", "/registry/masterleases/", "/registry/leases/"}

// readSQLite gives what kine keeps in state.db.
func (s *datastore) readSQLite(ctx context.Context, supervisor *Supervisor) ([]record, error) {
	old := &datastore{
		config: s.config, programs: s.programs, kine: sqliteSource(s.config),
		endpoint: "unix://" + s.config.Dir("server", "kine.sock"),
	}
	if err := old.start(ctx, supervisor); err != nil {
		return nil, err
	}
	defer supervisor.Stop("kine")
	raw, err := old.etcdctl(ctx, nil, "get", "--prefix", "/registry/", "-w", "json")
	if err != nil {
		return nil, err
	}
	var found struct {
		Records []record `json:"kvs"`
	}
	if err := json.Unmarshal(raw, &found); err != nil {
		return nil, err
	}
	return lasting(found.Records), nil
}

func lasting(records []record) []record {
	var kept []record
	for _, one := range records {
		goes := false
		for _, prefix := range fleeting {
			goes = goes || strings.HasPrefix(string(one.Key), prefix)
		}
		if !goes {
			kept = append(kept, one)
		}
	}
	return kept
}

// writeRecords puts them into etcd by its JSON gateway, then lays state.db aside.
func (s *datastore) writeRecords(ctx context.Context, records []record) error {
	pair, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(s.ca)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
		},
	}}
	for _, one := range records {
		body, err := json.Marshal(one)
		if err != nil {
			return err
		}
		url := s.endpoint + "/v3/kv/put"
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		said, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s: %s", one.Key, answer.Status, said)
		}
	}
	infof("Migrated %d keys from SQLite to etcd", len(records))
	file := s.config.Dir("server", "db", "state.db")
	for _, suffix := range []string{"-wal", "-shm"} {
		os.Remove(file + suffix)
	}
	return os.Rename(file, file+".migrated")
}

func sqliteSource(c *Config) string {
	return "sqlite://" + c.Dir("server", "db", "state.db") + sqliteOptions
}
