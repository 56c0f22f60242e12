package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

// acmesolver answers one HTTP-01 challenge until it is told to stop.
func acmesolver(ctx context.Context, args []string) error {
	one := &solver.HTTP01Solver{}
	flags := pflag.NewFlagSet("acmesolver", pflag.ContinueOnError)
	flags.IntVar(&one.ListenPort, "listen-port", 8089, "port that challenges are answered on")
	flags.StringVar(&one.Domain, "domain", "", "domain that is asked for")
	flags.StringVar(&one.Token, "token", "", "challenge's token")
	flags.StringVar(&one.Key, "key", "", "answer to the challenge")
	if err := flags.Parse(args); err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = one.Shutdown(last)
	}()
	err := one.Listen(logf.FromContext(ctx))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
