"""`scripts/sam-local`: the API in containers, by `sam local start-api`, over DynamoDB Local."""
