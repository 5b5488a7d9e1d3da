"""Three RabbitMQ nodes on one machine, and what is left of the line while they die."""
