//! What the resolver of a VPC needs to know of it: its block, the domain of its names, and whether it answers at all.

use std::sync::PoisonError;

use roadstead_core::Region;
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Result};
use roadstead_network::{EniSpec, Net, VpcNames};

use super::network::Networks;
use crate::behalf::OnBehalf;

/// A VPC with interfaces on this machine, now or earlier.
#[derive(Clone, Debug)]
pub(super) struct KnownVpc {
    place: Place,
    names: VpcNames,
}

/// The domain of the private names of a region's interfaces.
pub fn private_domain(region: Region) -> String {
    match region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        other => format!("{other}.compute.internal"),
    }
}

impl Networks {
    /// Tells of the VPC of an interface, unless it is known.
    pub(super) async fn tell_vpc(&self, net: &dyn Net, place: Place, spec: &EniSpec) -> Result<()> {
        let Some(vpc) = spec.vpc.as_ref().filter(|vpc| self.known_vpc(&vpc.id).is_none()) else {
            return Ok(());
        };
        let names = VpcNames {
            id: vpc.id.clone(),
            block: vpc.block,
            domain: private_domain(place.region),
            answers: true,
        };
        self.read_vpc(net, KnownVpc { place, names }).await
    }

    /// Reads the attributes of all VPCs anew that have interfaces here.
    pub async fn refresh_all_vpcs(&self) -> Result<()> {
        let ids: Vec<String> = {
            let vpcs = self.vpcs.lock().unwrap_or_else(PoisonError::into_inner);
            vpcs.keys().cloned().collect()
        };
        self.refresh_vpcs(&ids).await
    }

    /// Reads the attributes of VPCs anew, of those that have interfaces here.
    pub async fn refresh_vpcs(&self, ids: &[String]) -> Result<()> {
        let Some(net) = &self.net else { return Ok(()) };
        for known in ids.iter().filter_map(|id| self.known_vpc(id)) {
            self.read_vpc(&**net, known).await?;
        }
        Ok(())
    }

    async fn read_vpc(&self, net: &dyn Net, mut known: KnownVpc) -> Result<()> {
        let role = OnBehalf::for_interfaces(&self.kernel, known.place).await?;
        match role.vpc_has_resolver(&known.names.id).await {
            Ok(answers) => known.names.answers = answers,
            // A VPC that is gone has no more questions.
            Err(Fault::Api(error)) if error.code == "InvalidVpcID.NotFound" => return Ok(()),
            Err(fault) => return Err(fault),
        }
        net.set_vpc(known.names.clone()).await.map_err(Fault::internal)?;
        let mut vpcs = self.vpcs.lock().unwrap_or_else(PoisonError::into_inner);
        vpcs.insert(known.names.id.clone(), known);
        Ok(())
    }

    fn known_vpc(&self, id: &str) -> Option<KnownVpc> {
        let vpcs = self.vpcs.lock().unwrap_or_else(PoisonError::into_inner);
        vpcs.get(id).cloned()
    }
}
