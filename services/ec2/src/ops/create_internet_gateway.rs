//! ec2:CreateInternetGateway — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html>

use api_ec2::op::CreateInternetGateway;
use api_ec2::{CreateInternetGatewayRequest, CreateInternetGatewayResult};

use crate::limits;
use crate::prelude::*;
use crate::records::InternetGateway;

impl Handle<CreateInternetGateway> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateInternetGatewayRequest) -> Result<Needs> {
        let tags = tags::wanted(input.tag_specifications.as_deref(), InternetGateway::KIND);
        Ok(self
            .peek(cx)
            .needs_new::<InternetGateway>("CreateInternetGateway", &tags))
    }

    async fn handle(&self, cx: &Cx, input: CreateInternetGatewayRequest) -> Reply<CreateInternetGateway> {
        let tags = tags::of_create(cx, input.tag_specifications.as_deref(), InternetGateway::KIND)?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        limits::INTERNET_GATEWAYS.check(records.all::<InternetGateway>().await?.len())?;
        let gateway = InternetGateway {
            id: cx.ids().ec2("igw"),
            vpc: None,
            tags,
        };
        let mut txn = Txn::new();
        records.stage_new(&mut txn, &gateway)?;
        records.commit(txn).await?;
        Ok(CreateInternetGatewayResult {
            internet_gateway: Some(gateway.to_api(cx.place())),
        })
    }
}
