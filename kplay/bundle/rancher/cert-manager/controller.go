package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/internal/pem"
	controllers "github.com/cert-manager/cert-manager/pkg/controller"
	gateways "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/gateways"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	"github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/util"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/server"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"

	// Issuers make themselves known
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/venafi"
)

func controller(ctx context.Context, args []string) error {
	settled, err := controllerSettings(args)
	if err != nil {
		return err
	}
	limits := settled.PEMSizeLimitsConfig
	pem.SetGlobalSizeLimits(pem.NewSizeLimitsFromConfig(limits.MaxCertificateSize,
		limits.MaxPrivateKeySize, limits.MaxChainLength, limits.MaxBundleSize))
	options, err := contextOptions(settled)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	factory, err := controllers.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	whole, err := factory.Build()
	if err != nil {
		return err
	}
	if err := serveMetrics(ctx, group, whole, settled.MetricsListenAddress); err != nil {
		return err
	}
	election := settled.LeaderElectionConfig
	health := healthz.NewServer(election.HealthzTimeout)
	listener, err := server.Listen(ctx, "tcp", settled.HealthzListenAddress)
	if err != nil {
		return err
	}
	group.Go(func() error { return health.Start(ctx, listener) })
	if election.Enabled {
		if err := awaitElection(ctx, group, factory, election, health); err != nil {
			return err
		}
	}
	if err := startControllers(ctx, group, factory, settled); err != nil {
		return err
	}
	whole.SharedInformerFactory.Start(ctx.Done())
	whole.KubeSharedInformerFactory.Start(ctx.Done())
	whole.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	if whole.GatewaySolverEnabled {
		whole.GWShared.Start(ctx.Done())
	}
	return group.Wait()
}

func startControllers(
	ctx context.Context, group *errgroup.Group, factory *controllers.ContextFactory,
	settled *config.ControllerConfiguration,
) error {
	enabled := enabledControllers(settled)
	log := logf.FromContext(ctx)
	for name, make := range controllers.Known() {
		if !enabled.Has(name) {
			continue
		}
		one, err := make(factory)
		if err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
		log.V(logf.InfoLevel).Info("starting", "controller", name)
		group.Go(func() error {
			if err := one.Run(settled.NumberOfConcurrentWorkers, ctx); err != nil {
				return fmt.Errorf("controller %s: %w", name, err)
			}
			return nil
		})
	}
	return nil
}

// enabledControllers reads `*`, `name` and `-name`, and leaves out what is not to run where it is
// confined to a namespace or where the feature is off.
func enabledControllers(settled *config.ControllerConfiguration) sets.Set[string] {
	enabled, disabled := sets.New[string](), sets.New[string]()
	for _, word := range settled.Controllers {
		switch {
		case word == "*":
			enabled.Insert(v1alpha1.DefaultEnabledControllers...)
		case word[:1] == "-":
			disabled.Insert(word[1:])
		default:
			enabled.Insert(word)
		}
	}
	on := utilfeature.DefaultFeatureGate.Enabled
	if on(feature.ExperimentalCertificateSigningRequestControllers) {
		enabled.Insert(v1alpha1.ExperimentalCertificateSigningRequestControllers...)
	}
	if on(feature.ExperimentalGatewayAPISupport) && settled.GatewayAPIConfig.Enabled {
		enabled.Insert(gateways.ControllerName)
	}
	if settled.Namespace != "" {
		enabled.Delete(v1alpha1.ClusterScopedControllers...)
	}
	return enabled.Difference(disabled)
}

func serveMetrics(
	ctx context.Context, group *errgroup.Group, whole *controllers.Context, address string,
) error {
	if address == "0" {
		return nil
	}
	listener, err := server.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	shared := whole.SharedInformerFactory
	whole.Metrics.SetupACMECollector(shared.Acme().V1().Challenges().Lister())
	whole.Metrics.SetupCertificateCollector(shared.Certmanager().V1().Certificates().Lister())
	whole.Metrics.SetupIssuerCollector(shared.Certmanager().V1().Issuers().Lister())
	if whole.Namespace == "" {
		whole.Metrics.SetupClusterIssuerCollector(shared.Certmanager().V1().ClusterIssuers().Lister())
	}
	metrics := whole.Metrics.NewServer(listener)
	group.Go(func() error {
		if err := metrics.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return metrics.Shutdown(last)
	})
	return nil
}

// awaitElection returns when this process leads, and ends the group once it does no more.
func awaitElection(
	ctx context.Context, group *errgroup.Group, factory *controllers.ContextFactory,
	settled config.LeaderElectionConfig, health *healthz.Server,
) error {
	own, err := factory.Build("leader-election")
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	lock, err := resourcelock.New(resourcelock.LeasesResourceLock, settled.Namespace,
		"cert-manager-controller", own.Client.CoreV1(), own.Client.CoordinationV1(),
		resourcelock.ResourceLockConfig{
			Identity: name + "-external-cert-manager-controller", EventRecorder: own.Recorder,
		})
	if err != nil {
		return err
	}
	elected := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   settled.LeaseDuration,
		RenewDeadline:   settled.RenewDeadline,
		RetryPeriod:     settled.RetryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        health.LeaderHealthzAdaptor,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(elected) },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	group.Go(func() error {
		elector.Run(ctx)
		if ctx.Err() == nil {
			return errors.New("another process leads now")
		}
		return nil
	})
	select {
	case <-elected:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func contextOptions(settled *config.ControllerConfiguration) (controllers.ContextOptions, error) {
	http01, dns01, shim := settled.ACMEHTTP01Config, settled.ACMEDNS01Config, settled.IngressShimConfig
	made := controllers.ContextOptions{
		APIServerHost:      settled.APIServerHost,
		Kubeconfig:         settled.KubeConfig,
		KubernetesAPIQPS:   settled.KubernetesAPIQPS,
		KubernetesAPIBurst: settled.KubernetesAPIBurst,
		Namespace:          settled.Namespace,
		IssuerOptions: controllers.IssuerOptions{
			ClusterResourceNamespace:        settled.ClusterResourceNamespace,
			ClusterIssuerAmbientCredentials: settled.ClusterIssuerAmbientCredentials,
			IssuerAmbientCredentials:        settled.IssuerAmbientCredentials,
		},
		ACMEOptions: controllers.ACMEOptions{
			HTTP01SolverImage:            http01.SolverImage,
			ACMEHTTP01SolverRunAsNonRoot: http01.SolverRunAsNonRoot,
			HTTP01SolverRuntimeClassName: http01.SolverRuntimeClassName,
			HTTP01SolverNameservers:      http01.SolverNameservers,
			HTTP01SolverExtraLabels:      http01.SolverExtraLabels,
			DNS01CheckAuthoritative:      !dns01.RecursiveNameserversOnly,
			DNS01Nameservers:             dns01.RecursiveNameservers,
			DNS01CheckRetryPeriod:        dns01.CheckRetryPeriod,
		},
		IngressShimOptions: controllers.IngressShimOptions{
			DefaultIssuerName:                 shim.DefaultIssuerName,
			DefaultIssuerKind:                 shim.DefaultIssuerKind,
			DefaultIssuerGroup:                shim.DefaultIssuerGroup,
			DefaultAutoCertificateAnnotations: shim.DefaultAutoCertificateAnnotations,
			ExtraCertificateAnnotations:       shim.ExtraCertificateAnnotations,
			GatewayAPIExtraProtocols:          sets.New(settled.GatewayAPIConfig.ExtraProtocols...),
		},
		CertificateOptions: controllers.CertificateOptions{
			EnableOwnerRef:                           settled.EnableCertificateOwnerRef,
			CopiedAnnotationPrefixes:                 settled.CopiedAnnotationPrefixes,
			CertificateRequestMinimumBackoffDuration: settled.CertificateRequestMinimumBackoffDuration,
			CertificateRequestMaximumBackoffDuration: settled.CertificateRequestMaximumBackoffDuration,
		},
		SchedulerOptions: controllers.SchedulerOptions{
			MaxConcurrentChallenges: settled.MaxConcurrentChallenges,
		},
		ConfigOptions: controllers.ConfigOptions{
			EnableGatewayAPI:            settled.GatewayAPIConfig.Enabled,
			EnableGatewayAPIListenerSet: settled.GatewayAPIConfig.EnableListenerSet,
		},
	}
	if len(made.DNS01Nameservers) == 0 {
		made.DNS01Nameservers = slices.Clone(util.RecursiveNameservers)
	}
	for _, quantity := range []struct {
		text string
		into *resource.Quantity
	}{
		{http01.SolverResourceRequestCPU, &made.HTTP01SolverResourceRequestCPU},
		{http01.SolverResourceRequestMemory, &made.HTTP01SolverResourceRequestMemory},
		{http01.SolverResourceLimitsCPU, &made.HTTP01SolverResourceLimitsCPU},
		{http01.SolverResourceLimitsMemory, &made.HTTP01SolverResourceLimitsMemory},
	} {
		parsed, err := resource.ParseQuantity(quantity.text)
		if err != nil {
			return made, fmt.Errorf("%q of the HTTP-01 solver: %w", quantity.text, err)
		}
		*quantity.into = parsed
	}
	return made, nil
}
