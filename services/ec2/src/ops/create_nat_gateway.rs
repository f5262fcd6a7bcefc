//! ec2:CreateNatGateway — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html>

use api_ec2::op::CreateNatGateway;
use api_ec2::{CreateNatGatewayRequest, CreateNatGatewayResult, NatGatewayState};

use crate::derived::service_account;
use crate::interfaces::{self, Wanted, WantedAddresses, whole};
use crate::prelude::*;
use crate::records::{Attachment, ElasticIp, NatGateway, Requester, Subnet};
use crate::{elastic, idempotency};

pub(super) const CREATE: &str = "CreateNatGateway";
/// EC2 itself, as the manager of a gateway's interface.
const EC2: &str = "ec2.amazonaws.com";
/// Under which name it shows as the owner of what the interface is attached to.
const OWNER: &str = "amazon-aws";

impl Handle<CreateNatGateway> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateNatGatewayRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let tags = tags::wanted(input.tag_specifications.as_deref(), NatGateway::KIND);
        let mut needs = records.needs_new::<NatGateway>(CREATE, &tags);
        if let Some(subnet) = &input.subnet_id {
            needs = records.also_on::<Subnet>(needs, subnet).await?;
        }
        if let Some(allocation) = &input.allocation_id {
            needs = records.also_on::<ElasticIp>(needs, allocation).await?;
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: CreateNatGatewayRequest) -> Reply<CreateNatGateway> {
        let zonal = input
            .availability_mode
            .as_ref()
            .is_none_or(|mode| mode.as_str() == "zonal");
        let asks_secondary = input
            .secondary_allocation_ids
            .as_ref()
            .is_some_and(|given| !given.is_empty())
            || input
                .secondary_private_ip_addresses
                .as_ref()
                .is_some_and(|given| !given.is_empty())
            || input.secondary_private_ip_address_count.is_some_and(|count| count > 0);
        if !zonal || asks_secondary {
            return Err(error::unsupported("Regional NAT gateways and secondary addresses are not supported.").into());
        }
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let gateway = retrying!(create(cx, &records, &input))?;
        let mut shown = gateway.to_api();
        shown.state = Some(NatGatewayState::Pending);
        Ok(CreateNatGatewayResult {
            client_token: input.client_token,
            nat_gateway: Some(shown),
        })
    }
}

async fn create(cx: &Cx, records: &Records, input: &CreateNatGatewayRequest) -> Result<NatGateway> {
    let token = input.client_token.as_deref().filter(|token| !token.is_empty());
    let request = format!(
        "{:?}",
        (&input.subnet_id, &input.allocation_id, &input.private_ip_address)
    );
    if let Some(made) = idempotency::made(records, CREATE, token, &request).await? {
        return Ok(records.get::<NatGateway>(&made).await?.record);
    }
    let subnet = input.subnet_id.as_deref().ok_or_else(|| error::missing("subnetId"))?;
    let subnet = records.get::<Subnet>(subnet).await?.record;
    let connectivity = input
        .connectivity_type
        .as_ref()
        .map_or("public", |kind| kind.as_str())
        .to_owned();
    let mut elastic = match (&input.allocation_id, connectivity.as_str()) {
        (Some(_), "private") => {
            return Err(error::combination("A private NAT gateway cannot have an allocation ID").into());
        }
        (Some(id), _) => Some(records.get::<ElasticIp>(id).await?),
        (None, "private") => None,
        (None, _) => return Err(error::missing("allocationId").into()),
    };
    if let Some(found) = elastic.as_ref().filter(|found| found.record.used.is_some()) {
        let message = format!("Elastic IP address [{}] is already associated", found.record.id);
        return Err(error::client("Resource.AlreadyAssociated", message).into());
    }
    let mut gateway = NatGateway {
        id: cx.ids().ec2("nat"),
        subnet: subnet.id.clone(),
        vpc: subnet.vpc.clone(),
        connectivity,
        interface: None,
        private_ip: None,
        public: elastic
            .as_ref()
            .map(|found| (found.record.id.clone(), found.record.public_ip)),
        association: None,
        failure: None,
        created: whole(cx.now()),
        deleted: None,
        client_token: token.map(str::to_owned),
        tags: tags::of_create(cx, input.tag_specifications.as_deref(), NatGateway::KIND)?,
    };
    let mut txn = Txn::new();
    if elastic.is_some() && !elastic::has_internet(records, &subnet.vpc).await? {
        // AWS: the call succeeds, the gateway fails.
        let message = format!("Network {} has no Internet gateway attached", subnet.vpc);
        gateway.failure = Some(("Gateway.NotAttached".to_owned(), message));
    } else {
        let mut interface = stage_interface(cx, records, &mut txn, &gateway, subnet, input).await?;
        let private_ip = interface.primary().map(|address| address.ip);
        if let (Some(found), Some(private_ip)) = (&mut elastic, private_ip) {
            let association = cx.ids().ec2("eipassoc");
            elastic::put_before(
                records,
                &mut found.record,
                &mut interface,
                private_ip,
                association.clone(),
            );
            records.stage_change(&mut txn, found)?;
            gateway.association = Some(association);
        }
        records.stage_new(&mut txn, &interface)?;
        gateway.private_ip = private_ip;
        gateway.interface = Some(interface.id);
    }
    idempotency::stage(records, &mut txn, CREATE, token, &request, &gateway.id)?;
    records.stage_new(&mut txn, &gateway)?;
    purge(cx, records, &mut txn).await?;
    records.commit(txn).await?;
    Ok(gateway)
}

async fn stage_interface(
    cx: &Cx,
    records: &Records,
    txn: &mut Txn,
    gateway: &NatGateway,
    subnet: Subnet,
    input: &CreateNatGatewayRequest,
) -> Result<records::Interface> {
    let given = input
        .private_ip_address
        .as_deref()
        .map(interfaces::parse_address)
        .transpose()?;
    let wanted = Wanted {
        subnet,
        groups: Vec::new(),
        description: format!("Interface for NAT Gateway {}", gateway.id),
        kind: "nat_gateway",
        addresses: WantedAddresses {
            more: usize::from(given.is_none()),
            given: given.into_iter().collect(),
        },
        public: false,
        requester: Some(Requester {
            service: EC2.to_owned(),
            id: service_account(cx.place(), EC2, "nat"),
        }),
        attachment: Some(Attachment {
            id: cx.ids().ec2("ela-attach"),
            instance: None,
            instance_owner: OWNER.to_owned(),
            device_index: 1,
            delete_on_termination: false,
            since: whole(cx.now()),
        }),
        client_token: None,
        tags: Tags::new(),
    };
    interfaces::stage_parts(records, txn, cx.ids(), wanted).await
}

/// Forgets gateways that are no longer shown.
async fn purge(cx: &Cx, records: &Records, txn: &mut Txn) -> Result<()> {
    for gateway in records.table::<NatGateway>().list_all(records.scope()).await? {
        if gateway.record.is_over(cx.now()) {
            records.stage_gone(txn, &gateway);
        }
    }
    Ok(())
}
