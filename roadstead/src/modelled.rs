//! Services that are modelled and not there yet: their operations are known, and say that they are not implemented.

use std::sync::Arc;

use roadstead_kernel::{Serve, Service, ServiceMeta};

/// A service of which nothing is implemented.
struct Modelled(&'static ServiceMeta);

impl Service for Modelled {
    fn meta(&self) -> &'static ServiceMeta {
        self.0
    }

    fn operations(self: Arc<Self>) -> Vec<Box<dyn Serve>> {
        Vec::new()
    }
}

/// The services that have a model and no implementation.
pub fn services() -> impl Iterator<Item = Arc<dyn Service>> {
    let metas: [&'static ServiceMeta; 7] = [
        &api_application_autoscaling::SERVICE,
        &api_autoscaling::SERVICE,
        &api_cloudwatch::SERVICE,
        &api_ecr::SERVICE,
        &api_elbv2::SERVICE,
        &api_route53::SERVICE,
        &api_servicediscovery::SERVICE,
    ];
    metas
        .into_iter()
        .map(|meta| Arc::new(Modelled(meta)) as Arc<dyn Service>)
}
