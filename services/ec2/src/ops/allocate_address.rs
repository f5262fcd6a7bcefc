//! ec2:AllocateAddress — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html>

use api_ec2::op::AllocateAddress;
use api_ec2::{AllocateAddressRequest, AllocateAddressResult, DomainType};

use crate::prelude::*;
use crate::records::ElasticIp;
use crate::{elastic, limits};

impl Handle<AllocateAddress> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &AllocateAddressRequest) -> Result<Needs> {
        let tags = tags::wanted(input.tag_specifications.as_deref(), ElasticIp::KIND);
        Ok(self.peek(cx).needs_new::<ElasticIp>("AllocateAddress", &tags))
    }

    async fn handle(&self, cx: &Cx, input: AllocateAddressRequest) -> Reply<AllocateAddress> {
        if input.domain.as_ref().is_some_and(|domain| *domain != DomainType::Vpc) {
            return Err(error::invalid("Only addresses of the domain 'vpc' can be allocated").into());
        }
        if let Some(address) = &input.address {
            return Err(elastic::no_address(address).into());
        }
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let address = retrying!(allocate(cx, &records, &input))?;
        Ok(AllocateAddressResult {
            allocation_id: Some(address.id),
            public_ip: Some(address.public_ip.to_string()),
            public_ipv4_pool: Some("amazon".to_owned()),
            network_border_group: Some(cx.region().to_string()),
            domain: Some(DomainType::Vpc),
            ..AllocateAddressResult::default()
        })
    }
}

async fn allocate(cx: &Cx, records: &Records, input: &AllocateAddressRequest) -> Result<ElasticIp> {
    limits::ADDRESSES.check(records.all::<ElasticIp>().await?.len())?;
    let id = cx.ids().ec2("eipalloc");
    let mut txn = Txn::new();
    let address = ElasticIp {
        public_ip: elastic::stage_drawn(records, &mut txn, cx.ids(), &id).await?,
        id,
        used: None,
        tags: tags::of_create(cx, input.tag_specifications.as_deref(), ElasticIp::KIND)?,
    };
    records.stage_new(&mut txn, &address)?;
    records.commit(txn).await?;
    Ok(address)
}
