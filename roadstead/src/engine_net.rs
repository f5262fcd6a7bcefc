//! Where the host cannot give tasks interfaces: networks of the container engine, one per VPC, with the same addresses.
//!
//! Security groups are not enforced there, and there is no resolver of the VPC; the engine's own stands in for it.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::Arc;

use roadstead_containers::{ContainerId, Docker, Endpoint, Runtime as _, RuntimeError};
use roadstead_network::{
    Attachment, BoxFuture, Carried, EniSpec, Missing, Net, NetError, NetProbe, NetworkNamespace, SecurityGroup,
    Shortfalls, Subnet, Vpc,
};
use tokio::sync::{Mutex, RwLock};

/// Networks of a Docker Engine.
pub struct EngineNet {
    docker: Arc<Docker>,
    /// The network and address of each ENI.
    joined: Mutex<HashMap<String, (String, EniSpec)>>,
    /// Networks are joined by readers and removed by the writer.
    leaving: RwLock<()>,
    /// One at a time: the engine makes two networks of one name when it is asked twice.
    making: Mutex<()>,
}

impl EngineNet {
    /// The networks of an engine, for the installation that it was opened for.
    pub fn new(docker: Arc<Docker>) -> Self {
        Self {
            docker,
            joined: Mutex::default(),
            leaving: RwLock::default(),
            making: Mutex::default(),
        }
    }

    async fn join(&self, eni: EniSpec, namespace: NetworkNamespace) -> Result<Attachment, NetError> {
        let NetworkNamespace::Container { id, .. } = namespace else {
            return Err(NetError::InvalidSpec(
                "only containers can be in a network of the engine".to_owned(),
            ));
        };
        let vpc = eni.vpc.clone();
        let vpc = vpc.ok_or_else(|| NetError::InvalidSpec("the VPC of the interface is not known".to_owned()))?;
        let name = name(&vpc);
        let _joining = self.leaving.read().await;
        {
            let mut joined = self.joined.lock().await;
            if joined.iter().any(|(other, (in_network, spec))| {
                *other != eni.id && *in_network == name && spec.address == eni.address
            }) {
                return Err(NetError::AddressInUse(eni.address));
            }
            // Noted first: what is noted is removed, whatever becomes of it.
            joined.insert(eni.id.clone(), (name.clone(), eni.clone()));
        }
        let made = {
            let _making = self.making.lock().await;
            self.docker
                .ensure_network(&name, &vpc.block.to_string(), gateway(vpc.block))
                .await
        };
        made.map_err(|error| {
            NetError::Kernel(format!(
                "making a network of the engine for the block {}: {error}",
                vpc.block
            ))
        })?;
        let endpoint = Endpoint {
            address: eni.address,
            mac: eni.mac.to_string(),
        };
        match self.docker.join_network(&name, &ContainerId(id), endpoint).await {
            Ok(()) => Ok(attachment(name, &eni)),
            Err(error) => Err(NetError::Kernel(format!("joining a network of the engine: {error}"))),
        }
    }

    async fn leave(&self, eni_id: &str) -> Result<(), NetError> {
        let Some((network, eni)) = self.joined.lock().await.get(eni_id).cloned() else {
            return Ok(());
        };
        let _leaving = self.leaving.write().await;
        let left = async {
            self.docker.leave_network(&network, eni.address).await?;
            self.docker.remove_empty_network(&network).await
        };
        left.await.map_err(|error| failed(&error))?;
        self.joined.lock().await.remove(eni_id);
        Ok(())
    }

    async fn take_over(&self, enis: Vec<EniSpec>) -> Result<Vec<Attachment>, NetError> {
        {
            let mut joined = self.joined.lock().await;
            for eni in enis {
                if let Some(vpc) = &eni.vpc {
                    joined.insert(eni.id.clone(), (name(vpc), eni));
                }
            }
        }
        let mut removed = Vec::new();
        let _leaving = self.leaving.write().await;
        let joined = self.joined.lock().await;
        for network in self.docker.networks().await.map_err(|error| failed(&error))? {
            let is_kept = |address: Ipv4Addr| {
                joined
                    .values()
                    .any(|(name, eni)| *name == network.name && eni.address == address)
            };
            for (_, address) in network.members.iter().filter(|(_, address)| !is_kept(*address)) {
                self.docker
                    .leave_network(&network.name, *address)
                    .await
                    .map_err(|error| failed(&error))?;
                removed.push(Attachment {
                    interface: network.name.clone(),
                    eni_id: None,
                    address: Some(*address),
                    subnet: None,
                });
            }
            self.docker
                .remove_empty_network(&network.name)
                .await
                .map_err(|error| failed(&error))?;
        }
        Ok(removed)
    }
}

fn failed(error: &RuntimeError) -> NetError {
    NetError::Kernel(format!("changing a network of the engine: {error}"))
}

/// The name of a VPC's network at the engine.
fn name(vpc: &Vpc) -> String {
    format!("roadstead-{}", vpc.id)
}

/// The router of a network: the second address, as in the first subnet of a VPC.
fn gateway(block: Subnet) -> Ipv4Addr {
    block.gateway()
}

fn attachment(network: String, eni: &EniSpec) -> Attachment {
    Attachment {
        interface: network,
        eni_id: Some(eni.id.clone()),
        address: Some(eni.address),
        subnet: Some(eni.subnet),
    }
}

impl Net for EngineNet {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn probe(&self) -> BoxFuture<'_, NetProbe> {
        Box::pin(async {
            NetProbe {
                able: self.docker.probe().await.reachable,
                metadata: false,
                missing: vec![Missing {
                    what: "network interfaces of the host's kernel for tasks: networks of the container engine serve \
                           instead"
                        .to_owned(),
                    consequence: "security groups are not enforced, the VPC's resolver does not answer, tasks of \
                                  different VPCs do not reach each other, and no task has metadata or credentials at \
                                  169.254.170.2"
                        .to_owned(),
                    advice: "run as root on Linux".to_owned(),
                }],
            }
        })
    }

    fn attach(&self, eni: EniSpec, namespace: NetworkNamespace) -> BoxFuture<'_, Result<Attachment, NetError>> {
        Box::pin(async move {
            let id = eni.id.clone();
            let joined = self.join(eni, namespace).await;
            if joined.is_err()
                && let Err(left) = self.leave(&id).await
            {
                tracing::warn!(eni = id, "cleaning up after an attachment that failed: {left}");
            }
            joined
        })
    }

    fn detach<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<(), NetError>> {
        Box::pin(self.leave(eni_id))
    }

    fn set_groups(&self, _: Vec<SecurityGroup>) -> BoxFuture<'_, Result<(), NetError>> {
        // Not enforced, as `shortfalls` says.
        Box::pin(async { Ok(()) })
    }

    fn shortfalls(&self) -> Shortfalls {
        Shortfalls {
            groups: true,
            resolver: true,
            metadata: true,
        }
    }

    fn resume(&self, enis: Vec<EniSpec>) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        Box::pin(self.take_over(enis))
    }

    fn listen_inside(
        &self,
        _: NetworkNamespace,
        _: Vec<SocketAddrV4>,
    ) -> BoxFuture<'_, Result<Vec<TcpListener>, NetError>> {
        Box::pin(async { Err(NetError::NotPermitted("entering a network namespace".to_owned())) })
    }

    fn carried<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Carried>, NetError>> {
        // The engine counts itself.
        Box::pin(async { Ok(None) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        Box::pin(async {
            let joined = self.joined.lock().await;
            Ok(joined
                .values()
                .map(|(network, eni)| attachment(network.clone(), eni))
                .collect())
        })
    }
}
