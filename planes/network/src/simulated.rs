//! Interfaces that exist in memory only, with the same refusals as real ones.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::NetError;
use crate::eni::{EniSpec, interface_name};
use crate::net::{Attachment, Net, NetProbe, NetworkNamespace};

/// Interfaces that exist in memory only; any process id is taken to have a namespace.
#[derive(Debug, Default)]
pub struct SimulatedNet {
    attached: Mutex<BTreeMap<String, EniSpec>>,
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
        self.attached().get(eni_id).cloned()
    }

    fn attached(&self) -> MutexGuard<'_, BTreeMap<String, EniSpec>> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, eni: EniSpec) -> Result<Attachment, NetError> {
        eni.check()?;
        if let Some(refusal) = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(refusal);
        }
        let mut attached = self.attached();
        if attached
            .values()
            .any(|other| other.address == eni.address && other.id != eni.id)
        {
            return Err(NetError::AddressInUse(eni.address));
        }
        let attachment = attachment(&eni)?;
        attached.insert(eni.id.clone(), eni);
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

    fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        async move { self.attached().values().map(attachment).collect() }.boxed()
    }
}
