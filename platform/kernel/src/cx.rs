//! The context of one call: who asks, where, when, and the two ways to act further.

use std::sync::Arc;

use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Clock, Ids, Partition, Region, Timestamp};
use roadstead_wire::Operation;

use crate::caller::{Caller, Origin};
use crate::directory::Directory;
use crate::kernel::{Call, Kernel};
use crate::session::Sessions;
use crate::{Needs, Result};

/// The context of a call. Whatever acts takes one; only the kernel makes one.
pub struct Cx {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) caller: Caller,
    pub(crate) place: Place,
    pub(crate) origin: Origin,
    pub(crate) request_id: String,
    pub(crate) now: Timestamp,
    pub(crate) meta: &'static roadstead_wire::OperationMeta,
}

impl Cx {
    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The account and region that the call is made in; for a global service, its partition's own region.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The account that the call is made in.
    pub fn account(&self) -> AccountId {
        self.place.account
    }

    /// The region that the call is made in.
    pub fn region(&self) -> Region {
        self.place.region
    }

    /// The partition that the call is made in.
    pub fn partition(&self) -> Partition {
        self.place.partition()
    }

    /// Where the call came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The request id: a lower-case UUID.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The instant of the call.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Draws identifiers.
    pub fn ids(&self) -> &Ids {
        &self.kernel.ids
    }

    /// The clock, for work that goes on after the call.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.kernel.clock)
    }

    /// The principals of this installation.
    pub fn directory(&self) -> &dyn Directory {
        &*self.kernel.directory
    }

    /// Issues and opens temporary credentials.
    pub fn sessions(&self) -> &Sessions {
        &self.kernel.sessions
    }

    /// The kernel, for a service that starts work on behalf of the account.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Calls another operation *as the caller*, the service passing the call on (a forward access session).
    ///
    /// The caller must be allowed the action; the request carries `aws:ViaAWSService` and `aws:CalledVia`.
    pub async fn onward<O: Operation>(&self, service: &'static str, input: O::Input) -> Result<O::Output> {
        let mut caller = self.caller.clone();
        caller.via.push(service);
        let origin = Origin::within(service, None);
        self.kernel
            .call_typed::<O>(
                Call {
                    caller,
                    place: self.place,
                    origin,
                    request_id: None,
                },
                input,
            )
            .await
    }

    /// Asks for permissions that only become known while the call is carried out; denied ones end the call.
    pub fn require(&self, needs: &Needs) -> Result<()> {
        match self.kernel.decide(self, needs).denied {
            None => Ok(()),
            Some(denied) => Err(denied.into()),
        }
    }
}
