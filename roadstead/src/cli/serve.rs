//! `roadstead serve`: the server.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::network::NetworkChoice;
use clap::{Args, ValueEnum};
use roadstead::{DataDir, Installation, Listener, Options, SystemEntropy, data_dir::Running, this_machine};
use roadstead_containers::{Docker, Runtime, Simulated};
use roadstead_core::arn::Place;
use roadstead_core::time::SystemClock;
use roadstead_core::{AccountId, Clock, Ids, Region};
use roadstead_ecs::control::Pace;
use roadstead_kernel::audit::AuditLog;
use roadstead_kernel::{Context as _, Fault, Result};
use roadstead_network::{Net, SimulatedNet};
use roadstead_store::{Embedded, Memory, Store};
use tokio::signal::unix::{SignalKind, signal};

/// Options of the server; each is also an environment variable.
#[derive(Args)]
pub struct ServeArgs {
    /// The address to listen on; port 0 picks a free one.
    #[arg(
        long,
        env = "ROADSTEAD_LISTEN",
        default_value = "127.0.0.1:4566",
        value_name = "ADDR:PORT"
    )]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub data: super::DataDirArgs,
    /// The account of the root user.
    #[arg(long, env = "ROADSTEAD_ACCOUNT", default_value = "000000000000", value_parser = account, value_name = "ID")]
    pub account: AccountId,
    /// The region that `roadstead env` sets; every region is served.
    #[arg(long, env = "ROADSTEAD_REGION", default_value = "us-east-1", value_parser = region, value_name = "NAME")]
    pub region: Region,
    /// What runs containers.
    #[arg(long, env = "ROADSTEAD_RUNTIME", default_value = "auto")]
    pub runtime: RuntimeChoice,
    /// What gives tasks their networks.
    #[arg(long, env = "ROADSTEAD_NETWORK", default_value = "auto")]
    pub network: NetworkChoice,
    /// Where records are kept.
    #[arg(long, env = "ROADSTEAD_STORE", default_value = "embedded")]
    pub store: StoreChoice,
    /// The list of the host's resolvers: they are asked for names outside of tasks' VPCs.
    #[arg(
        long,
        env = "ROADSTEAD_RESOLV_CONF",
        default_value = "/etc/resolv.conf",
        value_name = "FILE"
    )]
    pub resolv_conf: PathBuf,
    /// Lowers the ulimits of containers to what this host grants, where a task would not start otherwise; the container's
    /// reason says so.
    #[arg(long, env = "ROADSTEAD_LOWER_LIMITS")]
    pub lower_limits: bool,
    /// How long a task of a service's new deployment must run to count as healthy: 5 seconds, or the 40 of AWS.
    #[arg(long, env = "ROADSTEAD_PACE", default_value = "fast")]
    pub pace: PaceChoice,
    /// The public keys of an OpenID Connect provider: its URL and a file with a JSON Web Key Set; may be given several
    /// times. Web identity tokens are checked against these keys alone; nothing is fetched.
    #[arg(long, env = "ROADSTEAD_OIDC_KEYS", value_delimiter = ',', value_parser = oidc_keys, value_name = "URL=FILE")]
    pub oidc_keys: Vec<(String, PathBuf)>,
    /// Registers this machine as a container instance of a cluster in the default region, so that tasks of the launch type
    /// EC2 run on it; may be given several times. A cluster that is not there is made.
    #[arg(long, env = "ROADSTEAD_INSTANCE", value_delimiter = ',', value_name = "CLUSTER")]
    pub instance: Vec<String>,
    /// What is logged, such as `info` or `roadstead_kernel=debug`.
    #[arg(long, env = "ROADSTEAD_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// How it is logged.
    #[arg(long, env = "ROADSTEAD_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RuntimeChoice {
    Docker,
    Simulated,
    Auto,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PaceChoice {
    Fast,
    Aws,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StoreChoice {
    Memory,
    Embedded,
    // Named by the contract of the command line; until it is there, it is refused in plain words and offered nowhere.
    #[value(hide = true)]
    Etcd,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

fn account(text: &str) -> std::result::Result<AccountId, String> {
    AccountId::parse(text).ok_or_else(|| "an account id is twelve digits".to_owned())
}

fn oidc_keys(text: &str) -> std::result::Result<(String, PathBuf), String> {
    let (url, file) = text.rsplit_once('=').ok_or("write URL=FILE")?;
    Ok((url.to_owned(), PathBuf::from(file)))
}

fn region(text: &str) -> std::result::Result<Region, String> {
    Region::parse(text).ok_or_else(|| "no such region".to_owned())
}

/// Serves until it is told to stop.
pub fn run(args: ServeArgs) -> Result<ExitCode> {
    start_logging(&args)?;
    raise_open_files();
    super::tokio()?.block_on(serve(args))
}

/// Takes as many open files as the host grants: each task has some.
#[cfg(target_os = "linux")]
fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

#[cfg(not(target_os = "linux"))]
fn raise_open_files() {}

fn start_logging(args: &ServeArgs) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&args.log)
        .map_err(|error| Fault::internal(format_args!("`{}` is no log filter: {error}", args.log)))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match args.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

async fn serve(args: ServeArgs) -> Result<ExitCode> {
    let data_dir = args.data.data_dir();
    let server = start(&args, &data_dir).await?;
    // Whoever started us waits for this line.
    println!("roadstead: ready on {}", server.endpoint);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let serving = tokio::spawn(server.listener.serve(stopped));
    let store = Arc::clone(server.installation.store());
    let mut terminate = signal(SignalKind::terminate()).map_err(Fault::internal)?;
    let failed = tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        _ = terminate.recv() => None,
        cause = store.stopped() => Some(cause),
    };
    tracing::info!("stopping");
    let _ = stop.send(true);
    let _ = serving.await;
    data_dir.clear_running();
    if let Some(cause) = failed {
        return Err(Fault::from(cause)).context("the store stopped");
    }
    server.installation.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// A server that listens but does not serve yet.
pub struct Server {
    pub installation: Arc<Installation>,
    pub listener: Listener,
    pub endpoint: String,
}

/// Opens the data directory, composes the installation and binds the socket.
pub async fn start(args: &ServeArgs, data_dir: &DataDir) -> Result<Server> {
    data_dir.create()?;
    let store: Arc<dyn Store> = match args.store {
        StoreChoice::Memory => Arc::new(Memory::new()),
        StoreChoice::Embedded => Arc::new(Embedded::open(data_dir.store())?),
        StoreChoice::Etcd => {
            return Err(Fault::internal(
                "the store `etcd` is not available in this version; use `embedded`",
            ));
        }
    };
    let ids = Ids::new(SystemEntropy::new());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let audit = AuditLog::open(&data_dir.audit())?;
    let options = Options {
        store,
        account: args.account,
        root: data_dir.root_keys(&ids)?,
        master_key: data_dir.master_key(&ids)?,
        audit,
        runtime: runtime(args, data_dir, &clock),
        net: net(args, data_dir).await?,
        clock,
        ids,
    };
    let installation = Arc::new(Installation::new(options)?);
    installation.services.reconciler().set_pace(match args.pace {
        PaceChoice::Fast => Pace::default(),
        PaceChoice::Aws => Pace::aws(),
    });
    for (url, file) in &args.oidc_keys {
        let refused = |error| Fault::internal(format_args!("reading the keys in `{}`: {error}", file.display()));
        installation.use_oidc_keys(url, &std::fs::read_to_string(file).map_err(refused)?);
    }
    let listener = Listener::bind(args.listen, Arc::clone(&installation)).await?;
    installation.start().await?;
    if !args.instance.is_empty() {
        let place = Place {
            account: args.account,
            region: args.region,
        };
        let mut known = data_dir.instances()?;
        let port = listener.address()?.port();
        known.extend(this_machine::register(&installation, place, &args.instance, port, &known).await?);
        data_dir.set_instances(&known)?;
    }
    let endpoint = format!("http://{}", listener.address()?);
    if !listener.address()?.ip().is_loopback() {
        tracing::warn!(
            endpoint,
            "listening beyond loopback, without TLS: signatures keep keys secret, not what is sent"
        );
    }
    data_dir.set_running(&Running {
        endpoint: endpoint.clone(),
        region: args.region.as_str().to_owned(),
        pid: std::process::id(),
    })?;
    Ok(Server {
        installation,
        listener,
        endpoint,
    })
}

/// `auto` is Docker: tasks wait for an engine that is not there, they are never pretended to run.
fn runtime(args: &ServeArgs, data_dir: &DataDir, clock: &Arc<dyn Clock>) -> Arc<dyn Runtime> {
    let owner = owner(data_dir);
    match args.runtime {
        RuntimeChoice::Simulated => {
            let simulated = Simulated::new(owner, Arc::clone(clock));
            tokio::spawn(simulated.clone().run());
            Arc::new(simulated)
        }
        RuntimeChoice::Docker | RuntimeChoice::Auto => {
            let docker = Arc::new(Docker::new(owner).lowering_limits(args.lower_limits));
            let probed = Arc::clone(&docker);
            tokio::spawn(async move {
                let probe = probed.probe().await;
                if probe.reachable {
                    tracing::info!(
                        engine = probe.engine,
                        version = probe.version,
                        "containers run with Docker"
                    );
                } else {
                    tracing::warn!(
                        endpoint = probe.endpoint,
                        "no container engine answers: tasks wait; see `roadstead doctor`"
                    );
                }
            });
            docker
        }
    }
}

/// What gives tasks their networks, beside the runtime that was chosen.
async fn net(args: &ServeArgs, data_dir: &DataDir) -> Result<Option<Arc<dyn Net>>> {
    match (args.runtime, args.network) {
        (RuntimeChoice::Simulated, NetworkChoice::None) => Ok(None),
        (RuntimeChoice::Simulated, _) => Ok(Some(Arc::new(SimulatedNet::new()))),
        (_, choice) => super::network::choose(choice, &owner(data_dir), &args.resolv_conf).await,
    }
}

/// Marks the containers of this installation: another one on the same engine leaves them alone.
fn owner(data_dir: &DataDir) -> String {
    let path = std::path::absolute(data_dir.path()).unwrap_or_else(|_| data_dir.path().to_owned());
    let text = path.to_string_lossy();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
