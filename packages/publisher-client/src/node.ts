export { getWebSocketContextFromNodeReq, isNodeReqWsOverHttp, type NodeRequest } from './node-request.js';
