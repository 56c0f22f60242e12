#!/bin/sh
echo 'password of other'
