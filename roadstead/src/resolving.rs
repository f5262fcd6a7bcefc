//! Interfaces whose VPC has a resolver: it listens as long as a VPC has interfaces here, and knows whose each address is.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::Arc;

use roadstead_dns::{Resolver, Vpc};
use roadstead_network::{
    Attachment, BoxFuture, Carried, EniSpec, Net, NetError, NetProbe, NetworkNamespace, SecurityGroup, Shortfalls,
    VpcNames,
};
use tokio::sync::Mutex;

/// Interfaces, with a resolver at the further addresses that the host answers at for them.
pub struct Resolving {
    inner: Arc<dyn Net>,
    resolver: Arc<Resolver>,
    /// What is attached. Held while sockets are opened and closed, so that the last change is in force.
    attached: Mutex<HashMap<String, EniSpec>>,
}

impl Resolving {
    /// Puts a resolver beside interfaces.
    pub fn new(inner: Arc<dyn Net>, resolver: Arc<Resolver>) -> Self {
        Self {
            inner,
            resolver,
            attached: Mutex::default(),
        }
    }

    async fn listen(&self, eni: &EniSpec) {
        let mut attached = self.attached.lock().await;
        if let Some(vpc) = &eni.vpc {
            self.resolver.zones().add_client(eni.address, &vpc.id);
        }
        for at in &eni.host_addresses {
            // The task has all but names then; it is not refused for that.
            if let Err(error) = self.resolver.listen(*at).await {
                tracing::warn!(
                    "the resolver of {} cannot listen at {at}, port 53: {error}; tasks there cannot resolve names",
                    eni.vpc.as_ref().map_or("a VPC", |vpc| vpc.id.as_str())
                );
            }
        }
        attached.insert(eni.id.clone(), eni.clone());
    }

    async fn silence(&self, eni_id: &str) {
        let mut attached = self.attached.lock().await;
        let Some(gone) = attached.remove(eni_id) else { return };
        let is_used = |address: &Ipv4Addr| attached.values().any(|eni| eni.address == *address);
        if !is_used(&gone.address) {
            self.resolver.zones().remove_client(gone.address);
        }
        let is_heard = |at: &Ipv4Addr| attached.values().any(|eni| eni.host_addresses.contains(at));
        for at in gone.host_addresses.iter().filter(|at| !is_heard(at)) {
            self.resolver.silence(*at);
        }
    }
}

impl Net for Resolving {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn probe(&self) -> BoxFuture<'_, NetProbe> {
        self.inner.probe()
    }

    fn attach(&self, eni: EniSpec, namespace: NetworkNamespace) -> BoxFuture<'_, Result<Attachment, NetError>> {
        Box::pin(async move {
            let attachment = self.inner.attach(eni.clone(), namespace).await?;
            self.listen(&eni).await;
            Ok(attachment)
        })
    }

    fn detach<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<(), NetError>> {
        Box::pin(async move {
            self.inner.detach(eni_id).await?;
            self.silence(eni_id).await;
            Ok(())
        })
    }

    fn set_groups(&self, groups: Vec<SecurityGroup>) -> BoxFuture<'_, Result<(), NetError>> {
        self.inner.set_groups(groups)
    }

    fn set_vpc(&self, names: VpcNames) -> BoxFuture<'_, Result<(), NetError>> {
        Box::pin(async move {
            let vpc = Vpc {
                id: names.id.clone(),
                block: (names.block.network, names.block.prefix),
                domain: names.domain.clone(),
                answers: names.answers,
            };
            let known = self.resolver.zones().set_vpc(vpc);
            known.map_err(|error| NetError::InvalidSpec(error.to_string()))?;
            self.inner.set_vpc(names).await
        })
    }

    fn shortfalls(&self) -> Shortfalls {
        self.inner.shortfalls()
    }

    fn resume(&self, enis: Vec<EniSpec>) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        Box::pin(async move {
            let removed = self.inner.resume(enis.clone()).await?;
            for eni in &enis {
                self.listen(eni).await;
            }
            Ok(removed)
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        self.inner.list()
    }

    fn listen_inside(
        &self,
        namespace: NetworkNamespace,
        at: Vec<SocketAddrV4>,
    ) -> BoxFuture<'_, Result<Vec<TcpListener>, NetError>> {
        self.inner.listen_inside(namespace, at)
    }

    fn carried<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<Option<Carried>, NetError>> {
        self.inner.carried(eni_id)
    }
}
