//! Interfaces that exist in memory only, with the same refusals as real ones.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::NetError;
use crate::eni::{EniSpec, interface_name};
use crate::group::SecurityGroup;
use crate::net::{Attachment, Carried, Net, NetProbe, NetworkNamespace, VpcNames};

/// Interfaces by ENI, and ENIs by address.
#[derive(Debug, Default)]
struct Attached {
    enis: BTreeMap<String, EniSpec>,
    addresses: BTreeMap<Ipv4Addr, String>,
}

impl Attached {
    fn remove(&mut self, eni_id: &str) -> Option<EniSpec> {
        let gone = self.enis.remove(eni_id)?;
        self.addresses.remove(&gone.address);
        Some(gone)
    }
}

/// Interfaces that exist in memory only; any process id is taken to have a namespace.
#[derive(Debug, Default)]
pub struct SimulatedNet {
    attached: Mutex<Attached>,
    groups: Mutex<BTreeMap<String, SecurityGroup>>,
    vpcs: Mutex<BTreeMap<String, VpcNames>>,
    refusal: Mutex<Option<NetError>>,
}

impl SimulatedNet {
    /// No interfaces.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets every attachment fail with this error, until it is taken back with `None`.
    pub fn refuse(&self, error: Option<NetError>) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// What an ENI was attached with.
    pub fn spec(&self, eni_id: &str) -> Option<EniSpec> {
        self.attached().enis.get(eni_id).cloned()
    }

    /// What was said of a VPC last.
    pub fn vpc(&self, id: &str) -> Option<VpcNames> {
        self.vpcs().get(id).cloned()
    }

    fn vpcs(&self) -> MutexGuard<'_, BTreeMap<String, VpcNames>> {
        self.vpcs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules that a group was given last.
    pub fn group(&self, id: &str) -> Option<SecurityGroup> {
        self.groups().get(id).cloned()
    }

    fn groups(&self) -> MutexGuard<'_, BTreeMap<String, SecurityGroup>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attached(&self) -> MutexGuard<'_, Attached> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, eni: EniSpec) -> Result<Attachment, NetError> {
        eni.check()?;
        if let Some(refusal) = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(refusal);
        }
        let mut attached = self.attached();
        if attached
            .addresses
            .get(&eni.address)
            .is_some_and(|other| *other != eni.id)
        {
            return Err(NetError::AddressInUse(eni.address));
        }
        let attachment = attachment(&eni)?;
        attached.remove(&eni.id);
        attached.addresses.insert(eni.address, eni.id.clone());
        attached.enis.insert(eni.id.clone(), eni);
        Ok(attachment)
    }
}

fn attachment(eni: &EniSpec) -> Result<Attachment, NetError> {
    Ok(Attachment {
        interface: interface_name(&eni.id)?,
        eni_id: Some(eni.id.clone()),
        address: Some(eni.address),
        subnet: Some(eni.subnet),
    })
}

impl Net for SimulatedNet {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn probe(&self) -> BoxFuture<'_, NetProbe> {
        ready(NetProbe {
            able: true,
            metadata: true,
            missing: Vec::new(),
        })
        .boxed()
    }

    fn attach(&self, eni: EniSpec, _namespace: NetworkNamespace) -> BoxFuture<'_, Result<Attachment, NetError>> {
        async move { self.add(eni) }.boxed()
    }

    fn detach<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<(), NetError>> {
        async move {
            interface_name(eni_id)?;
            self.attached().remove(eni_id);
            Ok(())
        }
        .boxed()
    }

    fn set_groups(&self, groups: Vec<SecurityGroup>) -> BoxFuture<'_, Result<(), NetError>> {
        async move {
            groups.iter().try_for_each(SecurityGroup::check)?;
            self.groups()
                .extend(groups.into_iter().map(|group| (group.id.clone(), group)));
            Ok(())
        }
        .boxed()
    }

    fn set_vpc(&self, names: VpcNames) -> BoxFuture<'_, Result<(), NetError>> {
        self.vpcs().insert(names.id.clone(), names);
        ready(Ok(())).boxed()
    }

    fn resume(&self, enis: Vec<EniSpec>) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        async move {
            enis.iter().try_for_each(EniSpec::check)?;
            let mut attached = self.attached();
            let kept: BTreeSet<&String> = enis.iter().map(|eni| &eni.id).collect();
            let others: Vec<String> = attached.enis.keys().filter(|id| !kept.contains(id)).cloned().collect();
            others
                .iter()
                .filter_map(|id| attached.remove(id))
                .map(|gone| attachment(&gone))
                .collect()
        }
        .boxed()
    }

    fn listen_inside(
        &self,
        _namespace: NetworkNamespace,
        _at: Vec<SocketAddrV4>,
    ) -> BoxFuture<'_, Result<Vec<TcpListener>, NetError>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn carried<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<Option<Carried>, NetError>> {
        let is_there = self.attached().enis.contains_key(eni_id);
        ready(Ok(is_there.then(Carried::default))).boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        async move { self.attached().enis.values().map(attachment).collect() }.boxed()
    }
}
