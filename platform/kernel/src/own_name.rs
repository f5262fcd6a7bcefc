//! Acting in a service's own name: nobody's policies speak for it, only those of the resources it calls upon.

use std::sync::Arc;

use roadstead_core::arn::Place;
use roadstead_wire::Operation;

use crate::Result;
use crate::caller::{Caller, Origin, Principal};
use crate::kernel::{Call, Kernel};

/// A service that acts in its own name (`events.amazonaws.com`), as AWS's services do where no role is involved.
///
/// It has no policies: what a resource's own policy does not allow it is denied, and every call is recorded.
#[derive(Clone)]
pub struct OwnName {
    kernel: Arc<Kernel>,
    service: &'static str,
    place: Place,
    about: Option<String>,
}

impl OwnName {
    /// The service in an account and region, for a resource that policies may name as `aws:SourceArn`.
    pub fn new(kernel: &Arc<Kernel>, service: &'static str, place: Place, about: Option<String>) -> Self {
        Self {
            kernel: Arc::clone(kernel),
            service,
            place,
            about,
        }
    }

    /// Calls an operation. Errors: those of the operation, and `AccessDenied` where no resource policy allows it.
    pub async fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output> {
        let caller = Caller {
            principal: Principal::Service {
                name: self.service,
                account: self.place.account,
            },
            access_key_id: String::new(),
            via: Vec::new(),
        };
        let call = Call {
            caller,
            place: self.place,
            origin: Origin::within(self.service, self.about.clone()),
            request_id: None,
        };
        self.kernel.call_typed::<O>(call, input).await
    }
}
