#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs once before the worker: the first orders, and the configuration of nginx, which cannot read variables itself.
set -eu
redis-cli -p "$REDIS_PORT" -e SETNX shop:orders 41 >/dev/null

mkdir -p data/html
user=''
[ "$(id -u)" -ne 0 ] || user="user root;" # or its workers become nobody, who may not look into this folder
sed -e "s/@PORT@/$SHOP_PORT/" -e "s/@USER@/$user/" nginx.conf.in >data/nginx.conf
echo "seeded: $(redis-cli -p "$REDIS_PORT" -e GET shop:orders) orders"
