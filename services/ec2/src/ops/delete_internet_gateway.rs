//! ec2:DeleteInternetGateway — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteInternetGateway.html>

use api_ec2::DeleteInternetGatewayRequest;
use api_ec2::op::DeleteInternetGateway;

use crate::prelude::*;
use crate::records::InternetGateway;

impl Handle<DeleteInternetGateway> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteInternetGatewayRequest) -> Result<Needs> {
        self.peek(cx)
            .needs_on::<InternetGateway>(&input.internet_gateway_id)
            .await
    }

    async fn handle(&self, cx: &Cx, input: DeleteInternetGatewayRequest) -> Reply<DeleteInternetGateway> {
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        retrying!(delete(&records, &input.internet_gateway_id))?;
        Ok(Empty {})
    }
}

async fn delete(records: &Records, id: &str) -> Result<()> {
    let gateway = records.get::<InternetGateway>(id).await?;
    if gateway.record.vpc.is_some() {
        let message = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(error::dependency(message).into());
    }
    let mut txn = Txn::new();
    records.stage_gone(&mut txn, &gateway);
    records.commit(txn).await?;
    Ok(())
}
