//! Chooses what gives tasks their networks, and says at the start what that cannot do.

use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use roadstead::EngineNet;
use roadstead_containers::Docker;
use roadstead_kernel::{Fault, Result};
use roadstead_network::{Net, NetProbe};

/// What gives tasks their networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NetworkChoice {
    /// Interfaces of the kernel where the host can, else networks of the engine.
    Auto,
    /// Interfaces of the kernel, with security groups and a resolver; refused where the host cannot.
    Kernel,
    /// Networks of the container engine: security groups are not enforced.
    Docker,
    /// Nothing: tasks have a namespace of their own with nothing in it.
    None,
}

/// What gives the tasks of an installation their networks; `None` where they have none, and the log says so.
pub async fn choose(choice: NetworkChoice, owner: &str, resolv_conf: &Path) -> Result<Option<Arc<dyn Net>>> {
    if choice == NetworkChoice::None {
        tracing::warn!("tasks have no network, as asked for: their addresses are not reachable");
        return Ok(None);
    }
    if choice != NetworkChoice::Docker {
        let (net, probe) = kernel(owner, resolv_conf).await?;
        let missing = || probe.missing.iter();
        if let Some(net) = net.filter(|_| probe.able) {
            for missing in missing() {
                tracing::warn!("missing: {}; {}; {}", missing.what, missing.consequence, missing.advice);
            }
            tracing::info!("tasks have network interfaces of their own");
            return Ok(Some(net));
        }
        let why: Vec<&str> = missing().map(|missing| missing.what.as_str()).collect();
        if choice == NetworkChoice::Kernel {
            return Err(Fault::internal(format_args!(
                "tasks cannot have network interfaces on this host, which lacks {}; see `roadstead doctor`",
                why.join(", ")
            )));
        }
        tracing::warn!(
            "tasks cannot have network interfaces of their own on this host, which lacks {}",
            why.join(", ")
        );
    }
    let engine = EngineNet::new(Arc::new(Docker::new(owner)));
    for missing in engine.probe().await.missing {
        tracing::warn!("missing: {}; {}; {}", missing.what, missing.consequence, missing.advice);
    }
    tracing::warn!("tasks are in networks of the container engine: security groups are not enforced");
    Ok(Some(Arc::new(engine)))
}

#[cfg(target_os = "linux")]
async fn kernel(owner: &str, resolv_conf: &Path) -> Result<(Option<Arc<dyn Net>>, NetProbe)> {
    let kernel = roadstead_network::Kernel::new(owner).map_err(Fault::internal)?;
    let probe = kernel.probe().await;
    let upstreams = roadstead_dns::Upstreams::of_file(resolv_conf);
    let resolver = roadstead_dns::Resolver::new(Arc::default(), upstreams);
    let resolving = roadstead::Resolving::new(Arc::new(kernel), Arc::new(resolver));
    Ok((Some(Arc::new(resolving)), probe))
}

#[cfg(not(target_os = "linux"))]
async fn kernel(_: &str, _: &Path) -> Result<(Option<Arc<dyn Net>>, NetProbe)> {
    let linux = roadstead_network::Missing {
        what: "the kernel Linux".to_owned(),
        consequence: "tasks have no network interfaces of their own".to_owned(),
        advice: "run on Linux".to_owned(),
    };
    let probe = NetProbe {
        able: false,
        metadata: false,
        missing: vec![linux],
    };
    Ok((None, probe))
}
