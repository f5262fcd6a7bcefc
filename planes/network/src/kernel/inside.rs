//! What is done inside a task's network namespace, on a thread that ends with it.
//!
//! A thread that entered a namespace must never serve anything else afterwards: it is not one of the program's pool.

use std::os::fd::OwnedFd;

use nix::sched::{CloneFlags, setns};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::netlink::Netlink;
use super::sysctl;
use crate::NetError;
use crate::eni::EniSpec;

/// Gives `eth0` in the namespace its address and routes.
pub(super) async fn configure(namespace: OwnedFd, eni: EniSpec) -> Result<(), NetError> {
    run(namespace, move |runtime| here(&runtime, &eni)).await
}

/// Works inside a namespace, on a thread with a runtime of its own.
pub(super) async fn run<T: Send + 'static>(
    namespace: OwnedFd,
    work: impl FnOnce(Runtime) -> Result<T, NetError> + Send + 'static,
) -> Result<T, NetError> {
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        let done = enter(&namespace).and_then(|()| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            work(runtime.map_err(|error| NetError::Kernel(format!("starting a runtime: {error}")))?)
        });
        // Who asked may be gone.
        let _ = sender.send(done);
    };
    let spawned = std::thread::Builder::new().name("netns".to_owned()).spawn(work);
    spawned.map_err(|error| NetError::Kernel(format!("starting a thread: {error}")))?;
    receiver
        .await
        .map_err(|_| NetError::Kernel("the thread in the namespace ended early".to_owned()))?
}

fn enter(namespace: &OwnedFd) -> Result<(), NetError> {
    setns(namespace, CloneFlags::CLONE_NEWNET).map_err(|error| match error {
        nix::errno::Errno::EPERM => NetError::NotPermitted("entering a network namespace".to_owned()),
        other => NetError::Kernel(format!("entering a network namespace: {}", other.desc())),
    })
}

fn here(runtime: &Runtime, eni: &EniSpec) -> Result<(), NetError> {
    // Security groups know IPv4 only, so far: nothing may pass them by another way.
    sysctl::set_if_there("net/ipv6/conf/all/disable_ipv6", "1")?;
    sysctl::set_if_there("net/ipv6/conf/default/disable_ipv6", "1")?;
    runtime.block_on(async {
        let netlink = Netlink::open()?;
        let found = async |name: &str| {
            let link = netlink.find(name).await?;
            link.ok_or_else(|| NetError::Kernel(format!("there is no interface {name} in the namespace")))
        };
        netlink.set_up(found("lo").await?.index, None).await?;
        let eth0 = found("eth0").await?.index;
        netlink.add_address(eth0, eni.address, eni.subnet.prefix).await?;
        netlink.set_up(eth0, None).await?;
        netlink.default_route(eni.subnet.gateway()).await
    })
}
