package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/internal/apis/config/webhook/validation"
	server "github.com/cert-manager/cert-manager/internal/webhook"
	_ "github.com/cert-manager/cert-manager/internal/webhook/feature" // its feature gates
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/webhook/configfile"
	"github.com/cert-manager/cert-manager/pkg/webhook/options"
)

func webhook(ctx context.Context, args []string) error {
	config, err := options.NewWebhookConfiguration()
	if err != nil {
		return err
	}
	add := func(flags *pflag.FlagSet) { options.AddConfigFlags(flags, config) }
	load := func(path string) error {
		file := configfile.New()
		if err := fromFile(path, file); err != nil {
			return err
		}
		file.Config.DeepCopyInto(config)
		return nil
	}
	err = settings("webhook", args, add, &config.Logging, &config.FeatureGates, load)
	if err != nil {
		return err
	}
	if wrong := validation.ValidateWebhookConfiguration(config, nil); len(wrong) > 0 {
		return wrong.ToAggregate()
	}
	made, err := server.NewCertManagerWebhookServer(logf.FromContext(ctx), *config)
	if err != nil {
		return err
	}
	return made.Run(ctx)
}
